/**
 * The file that results are kept in: generated sections between markers, and remarks around them that
 * people write and that stay.
 *
 * @module
 */

/**
 * Replaces the section called `name`, markers not counted; adds it at the end where there is none.
 *
 * @param document All of the file, Markdown.
 * @param section  `name` of the section and its new `text`.
 */
export function replaceSection(
  document: string,
  { name, text }: { readonly name: string; readonly text: string },
): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  const section = `${begin}\n\n${text.trim()}\n\n${end}`;
  if (from < 0 || to < 0) return `${document.trimEnd()}\n\n${section}\n`.trimStart();
  return document.slice(0, from) + section + document.slice(to + end.length);
}
