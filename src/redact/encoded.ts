/** Recognises and decodes texts that are encoded for machines. */

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/**
 * The first bytes of PDF, zip, PNG, JPEG, GIF, TIFF, WebP, RTF, SVG, XML, HTML and old Word files, in base64.
 */
const DOCUMENT_START =
  /^(?:JVBER|UEsDB|iVBORw|\/9j\/|R0lGOD|SUkqA|TU0AK|UklGR|e1xydG|PHN2Zy|PD94bW|PCFET|PGh0bW|0M8R4K)/;
/** The first bytes of PDF, zip and PNG files. */
const RAW_STARTS = ["%PDF-", "PK\u{3}\u{4}", "\u{fffd}PNG", "\u{89}PNG"];
/** No text for people is this long without a space. */
const MIN_DOCUMENT_LENGTH = 200;

export function isDocument(text: string): boolean {
  if (RAW_STARTS.some((start) => text.startsWith(start))) return true;
  const packed = text.replace(/\s+/g, "");
  return BASE64.test(packed) && (packed.length >= MIN_DOCUMENT_LENGTH || DOCUMENT_START.test(packed));
}

/** The text in a base64 text; null: there is none. */
export function decodedText(text: string): string | null {
  if (text.length < 8 || !BASE64.test(text)) return null;
  const bytes = Buffer.from(text, "base64");
  const plain = bytes.toString("utf8");
  const again = bytes.toString("base64").replace(/=+$/, "");
  if (again !== text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "")) return null;
  return /^[\t\n\r\x20-\x7e\u00a0-\ufffc]+$/.test(plain) ? plain : null;
}

/** The decoded percent-encoded text; null: the text is not percent-encoded. */
export function unescaped(text: string): string | null {
  if (!/%[0-9A-Fa-f]{2}/.test(text)) return null;
  try {
    const plain = decodeURIComponent(text);
    return plain === text ? null : plain;
  } catch {
    return null;
  }
}
