/**
 * bull-board's page asks another host for fonts, and brings styles inline for the moment while it loads. All of that is taken
 * out: the page's policy allows no other host, and nothing inline.
 */
export function withoutInlineParts(page: string): string {
  return page
    .replaceAll(/<link[^>]*\bhref="https?:\/\/[^>]*>/g, '')
    .replaceAll(/<style>[^<]*<\/style>/g, '')
    .replaceAll(/ style="[^"]*"/g, '')
}
