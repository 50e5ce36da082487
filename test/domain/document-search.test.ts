import { expect } from "chai";
import { type Document, evolve, unknownDocument } from "../../src/domain/document.ts";
import { createDocumentSearch } from "../../src/domain/document-search.ts";
import { aDocument, aDraft, aSigner, NEW_YEAR } from "../support/builders.ts";

const DOCUMENT: Document = evolve(
  unknownDocument("legalesign", "Doc-77"),
  aDraft({
    type: "document.sent",
    document: {
      ...aDocument("Doc-77"),
      title: 'Lease of "Straße 5"',
      tags: ["büro"],
      references: { case: "CRM-4711" },
    },
    signers: [aSigner("s-1", { name: "Žofie Σοφός", email: "zofie@example.org", status: "sent" })],
  }),
  NEW_YEAR,
).document;

const finds = (term: string) => {
  const { matches, mayMatch } = createDocumentSearch(term);
  if (matches(DOCUMENT)) expect(mayMatch(JSON.stringify(DOCUMENT)), term).to.equal(true);
  return matches(DOCUMENT);
};

describe("a search for a document", () => {
  it("finds a part of its id, title, tags, references, and of its signers' names and addresses", () => {
    for (const term of ["oc-7", "Lease", "büro", "4711", "Žofie", "example.org"])
      expect(finds(term), term).to.equal(true);
  });

  it("takes no account of case, nor of how a letter is composed", () => {
    for (const term of [
      "doc-77",
      "LEASE",
      "BÜRO",
      "crm-",
      "ZOFIE@",
      "žofie",
      "STRAßE",
      "σοφόσ",
      "bu\u0308ro",
    ])
      expect(finds(term), term).to.equal(true);
  });

  it("takes quotation marks as they are", () => {
    expect(finds('of "S')).to.equal(true);
    expect(finds('of \\"S')).to.equal(false);
  });

  it("finds nothing in other parts of the document: status, source, names of references, ids of signers", () => {
    for (const term of ["sent", "legalesign", "case", "s-1", "title"])
      expect(finds(term), term).to.equal(false);
  });

  it("knows from the JSON alone that a document does not match", () => {
    expect(createDocumentSearch("nowhere").mayMatch(JSON.stringify(DOCUMENT))).to.equal(false);
  });
});
