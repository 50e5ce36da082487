/**
 * The kind of a value, by its name in any style: `accessToken`, `access_token`, `Access-Token`,
 * `accesstoken`.
 */
export type ValueKind = "secret" | "personal" | "address" | "email" | "ip" | "link" | "document";

/** A name that contains one of these is of a secret, and so is everything within. */
const SECRET =
  /token|secret|passw|passphrase|passcode|credential|apikey|accesskey|privatekey|signingkey|sharedkey|authorization|cookie|jwt|bearer|csrf|xsrf|sessionid|sessionkey|onetime/;
/** A name that ends in one of these is of a secret, unless the value is an object. */
const SECRET_END =
  /(?:key|keys|pwd|signature|hash|hmac|nonce|signed|(?:access|verification|security|auth|authentication|confirmation|invite|sms|login)code)$/;
/** The same for whole words that are too short to be searched for within others. */
const SECRET_WORDS: ReadonlySet<string> = new Set(["pin", "otp", "sig", "auth", "pass", "session", "sid"]);
/** Names of properties of a secret, which are not secret. */
const ABOUT = /(?:type|at|status|count|length|expiry|expires|expiresin|expiration|enabled|required|method)$/;

const PERSONAL =
  /(?:name|title|subject|message|reason|notes?|comments?|initials|company|organi[sz]ation|employer|salutation|phone|phonenumber|mobile|fax|telephone|cell|birth|birthday|birthdate|dateofbirth|dob|ssn|taxid|nationalid|passport|passportnumber|iban|accountnumber|cardnumber)$|^(?:phone|mobile|telephone).*|^tags?\d*$/;
/** Names of things, not of people. */
const IMPERSONAL = /^(?:event|eventtype|webhook|action|status|type|trigger|object|operation)name$/;
const ADDRESS =
  /^(?:.*address(?:line)?\d*|street\d*|.*street|city|town|postcode|postalcode|zip|zipcode|county|province|latitude|longitude|lat|lng|lon|geo|geolocation|location)$/;
const EMAIL = /e?mail(?:s|address|addresses)?$/;
const LINK = /(?:ur[il]|link|href|endpoint)s?$/;
const DOCUMENT = /bytes$|base64|b64$|^pdf$|pdf(?:data|content|file)?$|blob$|filecontents?$|imagedata$/;

/** Null: the name does not show it. */
export function kindOf(name: string): ValueKind | null {
  const words = wordsOf(name);
  const squashed = words.join("");
  if (isSecretName(words, squashed)) return "secret";
  if (
    words.some((word) => /^ip(?:v[46]|addr)?$/.test(word)) ||
    /ipaddress|ipaddr|(?:remote|client|source)ip$/.test(squashed)
  )
    return "ip";
  if (EMAIL.test(squashed)) return "email";
  if (LINK.test(squashed)) return "link";
  if (DOCUMENT.test(squashed)) return "document";
  if (PERSONAL.test(squashed) && !IMPERSONAL.test(squashed)) return "personal";
  return ADDRESS.test(squashed) ? "address" : null;
}

/** The kind of everything within an object of this name. */
export function kindWithin(name: string): ValueKind | null {
  const squashed = wordsOf(name).join("");
  if (SECRET.test(squashed)) return "secret";
  return ADDRESS.test(squashed) ? "address" : null;
}

function isSecretName(words: readonly string[], squashed: string): boolean {
  const last = words.at(-1) ?? "";
  if (ABOUT.test(last) && words.length > 1) return false;
  return SECRET.test(squashed) || SECRET_END.test(squashed) || SECRET_WORDS.has(last);
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$2 ")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}
