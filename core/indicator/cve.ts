const CVE = /^(?:CVE-)?(\d{4}-\d{4,19})$/i;

/** `CVE-2024-1234`: a year, and four digits or more, kept as they stand (leading zeros are part of the name). */
export function canonicalCve(text: string): string | undefined {
  const number = CVE.exec(text)?.[1];
  return number === undefined ? undefined : `CVE-${number}`;
}
