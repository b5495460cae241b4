/** Elements of a page as text. */

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export const tag = (name: string, attrs: string, ...content: readonly string[]): string =>
  `<${name}${attrs === '' ? '' : ` ${attrs}`}>${content.join('')}</${name}>`;
