\set id random(1, 20000)
UPDATE t SET n = n + 1 WHERE id = :id;
