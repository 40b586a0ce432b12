/**
 * Characters that belong into no name and no sentence: C0, DEL and C1; line and paragraph separators; marks that change the direction of
 * text, which make a mail or a page show something else than is there; interlinear annotation; the byte order mark.
 */
export const NOT_PLAIN = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ufeff]/;
