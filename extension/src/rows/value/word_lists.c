/*-------------------------------------------------------------------------
 *
 * word_lists.c
 *	  Lists of words, of which values of text are made.
 *
 * ASCII only.  A list must never change: an old seed must give the same rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "base/compat.h"
#include "rows/value/word_lists.h"

static const char *const first_names[] = {
	"Ada",	 "Alan",   "Amira",	 "Anna",  "Ben",   "Carla", "Chen",	 "Clara", "Daniel", "Diego",
	"Elena", "Emil",   "Fatima", "Felix", "Grace", "Hanna", "Hugo",	 "Ines",  "Ivan",	"Jana",
	"Jonas", "Kenji",  "Lara",	 "Leo",	  "Lucia", "Marta", "Mateo", "Mina",  "Nadia",	"Noah",
	"Olga",	 "Omar",   "Paula",	 "Priya", "Rosa",  "Samir", "Sofia", "Tara",  "Tomas",	"Uma",
	"Vera",	 "Victor", "Wei",	 "Yara",  "Yusuf", "Zoe",
};
static const char *const last_names[] = {
	"Abel",	  "Baker",	"Bauer",  "Brown",	 "Castro", "Chang",	  "Cohen",	"Costa",
	"Diaz",	  "Dubois", "Evans",  "Fischer", "Garcia", "Gomez",	  "Haas",	"Hansen",
	"Ito",	  "Jensen", "Jones",  "Kaya",	 "Keller", "Khan",	  "Kim",	"Kumar",
	"Larsen", "Lee",	"Lopez",  "Martin",	 "Meyer",  "Moreau",  "Nguyen", "Novak",
	"Okafor", "Patel",	"Perez",  "Rossi",	 "Sato",   "Schmidt", "Silva",	"Singh",
	"Smith",  "Sousa",	"Tanaka", "Weber",	 "Wilson", "Yilmaz",
};
static const char *const cities[] = {
	"Accra",	"Amsterdam", "Athens",	"Auckland", "Berlin",	"Bogota", "Boston",
	"Cairo",	"Chennai",	 "Chicago", "Dakar",	"Dublin",	"Geneva", "Hanoi",
	"Helsinki", "Istanbul",	 "Jakarta", "Kyoto",	"Lagos",	"Lima",	  "Lisbon",
	"London",	"Madrid",	 "Manila",	"Milan",	"Montreal", "Mumbai", "Nairobi",
	"Oslo",		"Paris",	 "Porto",	"Prague",	"Quito",	"Rome",	  "Santiago",
	"Seoul",	"Sydney",	 "Tokyo",	"Toronto",	"Vienna",	"Warsaw", "Zurich",
};
static const char *const countries[] = {
	"Argentina", "Australia", "Austria", "Brazil",	"Canada", "Chile",	 "Denmark",
	"Egypt",	 "Finland",	  "France",	 "Germany", "Ghana",  "Greece",	 "India",
	"Ireland",	 "Italy",	  "Japan",	 "Kenya",	"Mexico", "Norway",	 "Peru",
	"Poland",	 "Portugal",  "Spain",	 "Sweden",	"Turkey", "Vietnam",
};
static const char *const words[] = {
	"amber",   "anchor",  "apple",	"autumn",  "basket",   "bridge", "candle", "canvas",
	"cedar",   "circle",  "cloud",	"copper",  "cotton",   "delta",	 "ember",  "feather",
	"field",   "forest",  "garden", "glass",   "harbor",   "hazel",	 "island", "ivory",
	"jasmine", "juniper", "kettle", "ladder",  "lantern",  "lemon",	 "linen",  "maple",
	"marble",  "meadow",  "mirror", "morning", "mountain", "needle", "ocean",  "olive",
	"orchard", "paper",	  "pebble", "pepper",  "pine",	   "planet", "quartz", "rain",
	"ribbon",  "river",	  "saddle", "silver",  "stone",	   "summer", "thread", "timber",
	"valley",  "velvet",  "violet", "walnut",  "willow",   "window", "winter", "wool",
};
static const char *const statuses[] = {"new", "active", "pending", "done", "cancelled"};
static const char *const colors[] = {"black",  "blue", "brown",	 "green", "grey",
									 "orange", "red",  "violet", "white", "yellow"};
static const char *const adjectives[] = {"Bright", "Compact", "Deep",	"Early",  "Elegant",
										 "Fine",   "Fresh",	  "Grand",	"Handy",  "Heavy",
										 "Light",  "Modern",  "Narrow", "New",	  "Plain",
										 "Quiet",  "Rapid",	  "Round",	"Rustic", "Sharp",
										 "Simple", "Small",	  "Smart",	"Smooth", "Soft",
										 "Solid",  "Strong",  "Sturdy", "Warm",	  "Wide"};
static const char *const products[] = {"Backpack", "Basket",   "Blanket",  "Bottle",  "Bowl",
									   "Camera",   "Chair",	   "Clock",	   "Coat",	  "Cup",
									   "Desk",	   "Fan",	   "Gloves",   "Hammer",  "Headphones",
									   "Jacket",   "Keyboard", "Knife",	   "Lamp",	  "Mirror",
									   "Monitor",  "Mug",	   "Notebook", "Pan",	  "Pillow",
									   "Radio",	   "Shelf",	   "Shoes",	   "Speaker", "Table",
									   "Towel",	   "Umbrella", "Vase",	   "Wallet",  "Watch"};
static const char *const jobs[] = {"Accountant", "Analyst",		 "Architect",	"Baker",
								   "Buyer",		 "Carpenter",	 "Chemist",		"Clerk",
								   "Consultant", "Cook",		 "Dentist",		"Designer",
								   "Driver",	 "Editor",		 "Electrician", "Engineer",
								   "Gardener",	 "Journalist",	 "Lawyer",		"Librarian",
								   "Manager",	 "Mechanic",	 "Nurse",		"Operator",
								   "Pharmacist", "Photographer", "Pilot",		"Plumber",
								   "Programmer", "Receptionist", "Sales Agent", "Scientist",
								   "Secretary",	 "Surgeon",		 "Teacher",		"Technician",
								   "Translator", "Welder"};
static const char *const departments[] = {"Accounting",	 "Customer Service", "Design",
										  "Engineering", "Finance",			 "Legal",
										  "Logistics",	 "Maintenance",		 "Marketing",
										  "Personnel",	 "Production",		 "Purchasing",
										  "Quality",	 "Research",		 "Sales",
										  "Security",	 "Support",			 "Training"};
static const char *const regions[] = {"Alberta",	"Andalusia", "Bavaria",	   "Brittany",
									  "California", "Catalonia", "Flanders",   "Florida",
									  "Galicia",	"Gujarat",	 "Hokkaido",   "Kerala",
									  "Limburg",	"Lombardy",	 "Michigan",   "Normandy",
									  "Ohio",		"Ontario",	 "Oregon",	   "Provence",
									  "Punjab",		"Quebec",	 "Queensland", "Saxony",
									  "Scania",		"Sicily",	 "Silesia",	   "Texas",
									  "Tuscany",	"Tyrol",	 "Victoria",   "Virginia",
									  "Wales",		"Zeeland"};
static const char *const states[] = {"AK", "AL", "AR", "AZ", "CA", "CO", "CT", "DE", "FL", "GA",
									 "HI", "IA", "ID", "IL", "IN", "KS", "KY", "LA", "MA", "MD",
									 "ME", "MI", "MN", "MO", "MS", "MT", "NC", "ND", "NE", "NH",
									 "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "RI", "SC",
									 "SD", "TN", "TX", "UT", "VA", "VT", "WA", "WI", "WV", "WY"};
static const char *const genders[] = {"female", "male", "female", "male", "nonbinary"};
static const char *const gender_letters[] = {"F", "M", "F", "M", "X"};
static const char *const honorifics[] = {"Dr.", "Mr.", "Mrs.", "Ms.", "Prof."};
static const char *const legal_forms[] = {"AB",	 "AG",	"BV", "GmbH", "Inc",
										  "Ltd", "LLC", "Oy", "SA",	  "SpA"};
static const char *const verbs[] = {"carries", "covers",  "crosses", "feeds",
									"follows", "holds",	  "keeps",	 "meets",
									"passes",  "reaches", "shades",	 "touches"};
static const char *const extensions[] = {"csv", "docx", "jpg", "pdf", "png", "txt", "xlsx", "zip"};
static const char *const media_types[] = {"application/json", "application/pdf", "application/zip",
										  "image/jpeg",		  "image/png",		 "text/csv",
										  "text/html",		  "text/plain"};
static const char *const months[] = {"January",	  "February", "March",	  "April",
									 "May",		  "June",	  "July",	  "August",
									 "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday",	 "Wednesday", "Thursday",
									   "Friday", "Saturday", "Sunday"};
static const char *const roles[] = {"admin",   "auditor", "author",	   "editor", "guest",
									"manager", "member",  "moderator", "owner",	 "viewer"};
static const char *const units[] = {"cm", "g",	 "h",  "kg", "km", "l",
									"m",  "min", "ml", "mm", "pc", "t"};

static const char *const language_names[] = {"Arabic",	  "Czech",	   "Danish",  "Dutch",
											 "English",	  "Finnish",   "French",  "German",
											 "Greek",	  "Hindi",	   "Italian", "Japanese",
											 "Korean",	  "Norwegian", "Polish",  "Portuguese",
											 "Spanish",	  "Swahili",   "Swedish", "Turkish",
											 "Vietnamese"};
static const char *const marital_statuses[] = {"divorced", "married", "married", "single", "widowed"};

/* The list for the letter after % in a form. */
const WordList *
rows_word_list(char letter)
{
#define LIST(letter, words) [letter - 'A'] = { words, lengthof(words) }
	static const WordList lists[26] = {
		LIST('A', adjectives),	LIST('B', legal_forms),	   LIST('C', cities),
		LIST('D', departments), LIST('F', first_names),	   LIST('G', genders),
		LIST('H', honorifics),	LIST('I', gender_letters), LIST('J', jobs),
		LIST('K', colors),		LIST('L', last_names),	   LIST('N', countries),
		LIST('P', products),	LIST('R', regions),		   LIST('S', statuses),
		LIST('U', states),		LIST('V', verbs),		   LIST('W', words),
		LIST('X', extensions),	LIST('Z', media_types),
	};
	static const WordList digits[] = {
		{months, lengthof(months)},
		{weekdays, lengthof(weekdays)},
		{roles, lengthof(roles)},
		{units, lengthof(units)},
		{language_names, lengthof(language_names)},
		{marital_statuses, lengthof(marital_statuses)},
	};

	if (letter >= '0' && letter < '0' + (int) lengthof(digits))
		return &digits[letter - '0'];
	letter = toupper((unsigned char) letter);
	switch (letter)
	{
		case 'E':
			return rows_iso_codes(ISO_LANGUAGE);
		case 'M':
			return rows_iso_codes(ISO_CURRENCY);
		case 'O':
			return rows_iso_codes(ISO_COUNTRY);
		case 'Q':
			return rows_iso_codes(ISO_COUNTRY_3);
		case 'Y':
			return rows_iso_codes(ISO_LOCALE);
		case 'T':
			return rows_iso_codes(ISO_TIME_ZONE);
		default:
			return &lists[letter - 'A'];
	}
}
