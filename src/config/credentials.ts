import { entriesOf, type FileProblem, type YamlFile } from "../yaml.ts";

/** Mistakes that any credential of a configuration can have. No message shows a credential. */

interface Credential {
  path: readonly (string | number)[];
  /** As a sentence's subject: `the secret of lumin/account`. */
  what: string;
  text: string;
  /** The other party that knows it: a provider by its mapping, or a destination. Null: none that matters. */
  partner: string | null;
  /** Whether it signs: to guess it is to be able to forge. */
  signs: boolean;
}

/**
 * White space at an end and line breaks: from a mounted file or a careless paste, and never part of a
 * credential.
 */
export function findUnclean(yaml: YamlFile): FileProblem[] {
  return credentialsIn(yaml.value).flatMap(({ path, what, text }) => {
    const trouble = troubleIn(text);
    if (trouble === null) return [];
    const origin = yaml.substitutionAt(path)?.origin;
    const from = origin === undefined ? "" : ` (it comes from ${origin})`;
    const message = `\`${path.join(".")}\`: ${what} ${trouble}${from}: take that away; a file is written without a line break by \`printf %s\`, and with one by \`echo\``;
    return [{ ...yaml.positionOf(path), message }];
  });
}

/** Likely mistakes that need not be ones. */
export function findDoubtful(yaml: YamlFile): FileProblem[] {
  const credentials = credentialsIn(yaml.value);
  return [...credentials.flatMap((one) => doubtsOf(one, yaml)), ...findShared(credentials, yaml)];
}

const BLANK = String.raw`[\s\p{Cc}\p{Cf}]`;
const BLANK_START = new RegExp(`^${BLANK}`, "u");
const BLANK_END = new RegExp(`${BLANK}$`, "u");
const CONTROL = /\p{Cc}/u;
/** The encoding of the text that follows. */
const PREFIX = /^(?:raw|text|base64|hex):/;

function troubleIn(text: string): string | null {
  if (BLANK_END.test(text)) return `ends with white space${/[\r\n]$/.test(text) ? ", a line break" : ""}`;
  if (BLANK_START.test(text) || BLANK_START.test(text.replace(PREFIX, ""))) return "begins with white space";
  if (/[\r\n]/.test(text)) return "must be on one line, and has a line break in it";
  return CONTROL.test(text) ? "has a control character in it" : null;
}

/** A shorter key can be found by trying. */
const MIN_SECRET_LENGTH = 16;
const PLACEHOLDER =
  /^(?:change[-_ ]?(?:me|this|it).*|(?:your|insert|enter|replace)[-_ ].*|(?:my[-_ ]?)?(?:secret|password|token|api[-_ ]?key)|test(?:ing)?|example.*|placeholder.*|todo.*|fixme.*|dummy.*|x{3,}|<.*>|\{\{.*\}\}|%\w+%|\$\w+|\$\{.*\}|\*+|\.{3,})$/is;

function doubtsOf({ path, what, text, signs }: Credential, yaml: YamlFile): FileProblem[] {
  const bare = text.replace(PREFIX, "");
  const say = (doubt: string) => [
    { ...yaml.positionOf(path), message: `\`${path.join(".")}\`: ${what} ${doubt}` },
  ];
  if (PLACEHOLDER.test(bare)) return say("reads like a placeholder: is it the real one?");
  if (signs && bare.length < MIN_SECRET_LENGTH)
    return say(`has fewer than ${MIN_SECRET_LENGTH} characters: whoever finds it out can forge`);
  return [];
}

function findShared(credentials: readonly Credential[], yaml: YamlFile): FileProblem[] {
  const firsts = new Map<string, Credential>();
  return credentials.flatMap((one) => {
    if (one.partner === null) return [];
    const first = firsts.get(one.text);
    if (!first) firsts.set(one.text, one);
    if (!first || first.partner === one.partner) return [];
    const message = `\`${one.path.join(".")}\`: ${one.what} is ${first.what} too: each of the two could forge what comes from the other`;
    return [{ ...yaml.positionOf(one.path), message }];
  });
}

type Entries = Readonly<Record<string, unknown>>;

/** All credentials in unchecked data. */
function credentialsIn(value: unknown): Credential[] {
  const { admin, store, sources, destinations, alerts } = entriesOf(value);
  const ours = { partner: null, signs: false };
  return [
    ...texts(entriesOf(admin).token, ["admin", "token"], "the token of the admin API", ours),
    ...Object.entries(entriesOf(entriesOf(admin).tokens)).flatMap(([name, one]) =>
      texts(entriesOf(one).token, ["admin", "tokens", name, "token"], `the token ${name}`, ours),
    ),
    ...texts(store, ["store"], "the address of the store", ours),
    ...Object.entries(entriesOf(sources)).flatMap(([name, source]) => inSource(name, entriesOf(source))),
    ...Object.entries(entriesOf(destinations)).flatMap(([name, one]) =>
      inDestination(["destinations", name], entriesOf(one)),
    ),
    ...Object.entries(entriesOf(alerts)).flatMap(([name, one]) =>
      inDestination(["alerts", name], entriesOf(one)),
    ),
  ];
}

function inSource(source: string, { mapping, channels }: Entries): Credential[] {
  const partner = `provider ${String(mapping)}`;
  return Object.entries(entriesOf(channels)).flatMap(([name, given]) => {
    const { secrets, token, basic, headers } = entriesOf(given);
    const { user, password } = entriesOf(basic);
    const path = ["sources", source, "channels", name];
    const of = `of ${source}/${name}`;
    return [
      ...texts(secrets, [...path, "secrets"], `the secret ${of}`, { partner, signs: true }),
      ...Object.entries(entriesOf(headers)).flatMap(([key, values]) =>
        texts(values, [...path, "headers", key], `the header ${key} ${of}`, { partner, signs: true }),
      ),
      ...texts(token, [...path, "token"], `the token ${of}`, { partner, signs: false }),
      ...texts(user, [...path, "basic", "user"], `the user name ${of}`, { partner: null, signs: false }),
      ...texts(password, [...path, "basic", "password"], `the password ${of}`, { partner, signs: false }),
    ];
  });
}

function inDestination(
  path: readonly [string, string],
  { secrets, alsoSign, auth, headers }: Entries,
): Credential[] {
  const [, name] = path;
  const { basic, bearer, header, oauth2 } = entriesOf(auth);
  const { clientId, clientSecret } = entriesOf(oauth2);
  const { user, password } = entriesOf(basic);
  const signing = { partner: `destination ${name}`, signs: true };
  const other = { partner: null, signs: false };
  return [
    ...texts(secrets, [...path, "secrets"], `the secret of ${name}`, signing),
    ...texts(
      entriesOf(alsoSign).secret,
      [...path, "alsoSign", "secret"],
      `the second secret of ${name}`,
      signing,
    ),
    ...texts(bearer, [...path, "auth", "bearer"], `the bearer token of ${name}`, other),
    ...texts(user, [...path, "auth", "basic", "user"], `the user name of ${name}`, other),
    ...texts(password, [...path, "auth", "basic", "password"], `the password of ${name}`, other),
    ...texts(clientId, [...path, "auth", "oauth2", "clientId"], `the client id of ${name}`, other),
    ...texts(
      clientSecret,
      [...path, "auth", "oauth2", "clientSecret"],
      `the client secret of ${name}`,
      other,
    ),
    ...texts(
      entriesOf(header).value,
      [...path, "auth", "header", "value"],
      `the credential of ${name}`,
      other,
    ),
    ...Object.entries(entriesOf(headers)).flatMap(([key, value]) =>
      texts(value, [...path, "headers", key], `the header ${key} of ${name}`, other),
    ),
  ];
}

/** The texts of a credential that is a text or a list of texts. */
function texts(
  value: unknown,
  path: Credential["path"],
  what: string,
  about: Pick<Credential, "partner" | "signs">,
): Credential[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => texts(item, [...path, index], what, about));
  return typeof value === "string" ? [{ path, what, text: value, ...about }] : [];
}
