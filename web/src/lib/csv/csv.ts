/** Rows as CSV (RFC 4180) that spreadsheets open without surprises. */
export type Cell = string | number | null;

/** A cell that begins like a formula would be run by a spreadsheet; names come from whoever registered a meter. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function cellText(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = harmless(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines end with CRLF; what is not known is an empty cell. */
export function csvOf(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => row.map(cellText).join(",") + "\r\n").join("");
}
