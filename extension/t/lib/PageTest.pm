# PageTest.pm: what is asked of every view of the page: nothing wider than the screen, everything told apart from its ground.

package PageTest;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(too_wide too_pale);

# Elements that stick out to the right of the screen
sub too_wide
{
	my ($browser) = @_;
	return @{ $browser->run(<<'JS') };
if (document.documentElement.scrollWidth <= innerWidth)
	return [];
return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
	.map((one) => one.tagName + '.' + one.getAttribute('class')).slice(0, 5);
JS
}

# Texts with less contrast than WCAG asks for (AA: 4.5, of large ones 3), each with what it has
sub too_pale
{
	my ($browser) = @_;
	return @{ $browser->run(<<'JS') };
const parts = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
const luminance = (rgb) => rgb.slice(0, 3).map((one) => one / 255)
	.map((one) => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
	.reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (one) => {
	for (let at = one; at; at = at.parentElement) {
		const colour = parts(getComputedStyle(at).backgroundColor);
		if (colour.length === 3 || colour[3] > 0)
			return colour;
	}
	return [255, 255, 255];
};
const found = [];
for (const one of document.querySelectorAll('body *:not(svg *):not(script):not(style):not(noscript)')) {
	const text = [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
	if (!text || !one.checkVisibility())
		continue;
	const style = getComputedStyle(one);
	const [a, b] = [luminance(parts(style.color)), luminance(ground(one))].sort((x, y) => y - x);
	const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
	const contrast = (a + 0.05) / (b + 0.05);
	if (contrast < (large ? 3 : 4.5))
		found.push(text.slice(0, 30) + ': ' + contrast.toFixed(2));
}
return [...new Set(found)].slice(0, 5);
JS
}

1;
