/**
 * The providers' posts, as their documentation shows them. A signature is over bytes, so a signed body is
 * exactly as it was signed, odd spaces included.
 */

/** The headers and body of a provider's post; its step says where it is posted to. */
export interface ProviderPayload {
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** The key with which Lumin's documentation signs its example. */
export const LUMIN_KEY = "my_primary_api_key";

const luminHeaders = {
  "content-type": "application/json",
  "user-agent": "Lumin Sign API",
  "x-signature": "3810cb411041efab279d31698b9584372e5ede9d1641fbb354810f16e51be81c",
};

/** https://developers.luminpdf.com: the example of "verify the signature". */
export const LUMIN_SENT: ProviderPayload = {
  headers: luminHeaders,
  body: '{"event": { "event_time": 1694664207595, "event_type": "signature_request_sent" }, "signature_request": { "signature_request_id": "fa5c8a0b0f492d768749333ad6fcc214c111e967", "title": "My first request" } }',
};

/** The same with another event and the signature of the first: a forged approval. */
export const LUMIN_FORGED: ProviderPayload = {
  headers: luminHeaders,
  body: LUMIN_SENT.body.replace("signature_request_sent", "signature_request_approved"),
};

const SIGNER = "/api/v1/signer/656926a1-a9e9-434b-91cc-9f9769254e99/";
const DOCUMENT = "/api/v1/document/6619179c-95da-4d5c-b7be-7bac0bac4088/";

/** https://apidocs.legalesign.com: the example of the six-minute batch, a JSON array in a field of a form. */
export const LEGALESIGN_BATCH: ProviderPayload = form({
  data: `[${[
    item("5", "2022-07-11T07:28:25+00:00", SIGNER),
    item("10", "2022-07-11T07:28:26+00:00", SIGNER),
    item("20", "2022-07-11T07:28:55+00:00", SIGNER),
    item("20", "2022-07-11T07:29:06+00:00", DOCUMENT),
    item("30", "2022-07-11T07:29:06+00:00", SIGNER),
    item("40", "2022-07-11T07:29:06+00:00", SIGNER),
    item("30", "2022-07-11T07:29:06+00:00", DOCUMENT),
    item("100", "2022-07-11T07:29:09+00:00", DOCUMENT),
  ].join(", ")}]`,
});

/**
 * The "upon signing" post for the document of the batch. The names of its fields are likely, not published.
 */
export const LEGALESIGN_UPON: ProviderPayload = form({
  name: "Consultancy agreement",
  event: "100",
  resource_uri: DOCUMENT,
  uuid: "6619179c-95da-4d5c-b7be-7bac0bac4088",
  tag: "crm-4711",
  tag1: "",
  tag2: "",
});

/** The same for a document that is not known yet. */
export const LEGALESIGN_UPON_OTHER: ProviderPayload = form({
  name: "Lease of the boathouse",
  event: "100",
  resource_uri: "/api/v1/document/0c5d1f7e-2b86-4f0e-9d0a-6d1a4be1c2f3/",
  uuid: "0c5d1f7e-2b86-4f0e-9d0a-6d1a4be1c2f3",
  tag: "crm-4712",
  tag1: "",
  tag2: "",
});

function form(fields: Readonly<Record<string, string>>): ProviderPayload {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { headers, body: new URLSearchParams(fields).toString() };
}

function item(value: string, timestamp: string, uri: string): string {
  return `{"value": "${value}", "timestamp": "${timestamp}", "resource_uri": "${uri}", "name": "status"}`;
}
