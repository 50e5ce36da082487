import { expect } from "chai";
import type { DocumentSituation } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS } from "../../src/concern/words.ts";
import type { EventType } from "../../src/domain/event.ts";
import {
  aSignerOf,
  aSituation,
  aSource,
  aStoredDocument,
  type Case,
  concernOf,
  idsOf,
  NOW,
} from "./situations.ts";

/** Sent so long ago, and seen from its beginning. */
function sentAgo(age: number, given: Partial<DocumentSituation> = {}): DocumentSituation {
  const sentAt = NOW - age;
  return aStoredDocument({ firstAt: sentAt, sentAt, statusAt: sentAt, ...given });
}

/** Completed so long ago, with its signature and its PDF. */
function completedAgo(age: number, given: Partial<DocumentSituation> = {}): DocumentSituation {
  return sentAgo(age + DAY_MS, {
    status: "completed",
    statusAt: NOW - age,
    downloadable: true,
    signers: [aSignerOf("signed", { statusAt: NOW - age })],
    told: [
      "document.created",
      "document.sent",
      "signer.signed",
      "document.completed",
      "document.downloadable",
    ],
    ...given,
  });
}

const signedAgo = (age: number) => [aSignerOf("signed", { statusAt: NOW - age })];
const without = (...types: EventType[]) => {
  const source = aSource();
  return { ...source, tells: new Set([...source.tells].filter((type) => !types.includes(type))) };
};

const LIMIT = 14 * DAY_MS;
const SETTLED = 2 * DAY_MS;

const CASES: readonly Case[] = [
  {
    title: "sent for `stuckAfter`",
    given: { documents: [sentAgo(LIMIT)] },
    expected: ["document_stuck:lumin"],
  },
  {
    title: "sent for less than `stuckAfter`: none",
    given: { documents: [sentAgo(LIMIT - 1)] },
    expected: [],
  },
  {
    title: "sent long ago and declined: none",
    given: { documents: [sentAgo(2 * LIMIT, { status: "declined" })] },
    expected: [],
  },
  {
    title: "sent for another `stuckAfter`",
    given: { stuckAfter: DAY_MS, documents: [sentAgo(DAY_MS)] },
    expected: ["document_stuck:lumin"],
  },
  {
    title: "a draft that was never sent: none",
    given: { documents: [sentAgo(2 * LIMIT, { status: "created", sentAt: null })] },
    expected: [],
  },
  {
    title: "created long ago, where the provider does not tell of the sending",
    given: {
      sources: [without("document.sent")],
      documents: [sentAgo(LIMIT, { status: "created", sentAt: null, told: ["document.created"] })],
    },
    expected: ["document_stuck:lumin"],
  },
  {
    title: "expired for two days",
    given: { documents: [sentAgo(LIMIT, { expiresAt: NOW - SETTLED })] },
    expected: ["document_expired:lumin"],
  },
  {
    title: "expired for less than two days: none",
    given: { documents: [sentAgo(LIMIT - 1, { expiresAt: NOW - SETTLED + 1 })] },
    expected: [],
  },
  {
    title: "expired long ago, where the provider does not tell of that: none",
    given: {
      sources: [without("document.expired")],
      documents: [sentAgo(2 * LIMIT, { expiresAt: NOW - LIMIT })],
    },
    expected: [],
  },
  {
    title: "signed by all for two days and not completed",
    given: { documents: [sentAgo(LIMIT, { signers: signedAgo(SETTLED) })] },
    expected: ["document_not_completed:lumin"],
  },
  {
    title: "signed by all for less than two days: none",
    given: { documents: [sentAgo(3 * DAY_MS, { signers: signedAgo(SETTLED - 1) })] },
    expected: [],
  },
  {
    title: "signed by one of two: none",
    given: { documents: [sentAgo(5 * DAY_MS, { signers: [...signedAgo(SETTLED), aSignerOf("viewed")] })] },
    expected: [],
  },
  {
    title: "signed by all who sign, beside one who gets a copy",
    given: {
      documents: [
        sentAgo(5 * DAY_MS, { signers: [...signedAgo(SETTLED), aSignerOf("sent", { role: "copy" })] }),
      ],
    },
    expected: ["document_not_completed:lumin"],
  },
  {
    title: "signed by all who are left, beside one who was replaced",
    given: {
      documents: [
        sentAgo(5 * DAY_MS, { signers: [...signedAgo(SETTLED), aSignerOf("sent", { listed: false })] }),
      ],
    },
    expected: ["document_not_completed:lumin"],
  },
  {
    title: "signed by all who are known, where no list says who they are: none",
    given: {
      documents: [
        sentAgo(5 * DAY_MS, { signers: [aSignerOf("signed", { statusAt: NOW - SETTLED, listed: null })] }),
      ],
    },
    expected: [],
  },
  {
    title: "completed for two days without the final PDF",
    given: { documents: [completedAgo(SETTLED, { downloadable: false })] },
    expected: ["final_pdf_missing:lumin"],
  },
  {
    title: "completed for less than two days without the final PDF: none",
    given: { documents: [completedAgo(SETTLED - 1, { downloadable: false })] },
    expected: [],
  },
  {
    title: "completed with the final PDF: none",
    given: { documents: [completedAgo(LIMIT)] },
    expected: [],
  },
  {
    title: "completed without the final PDF, where the provider never tells of one: none",
    given: {
      sources: [without("document.downloadable")],
      documents: [completedAgo(LIMIT, { downloadable: false })],
    },
    expected: [],
  },
  {
    title: "signed for two days without having been sent",
    given: {
      documents: [
        sentAgo(5 * DAY_MS, {
          sentAt: null,
          told: ["signer.signed"],
          signers: [...signedAgo(SETTLED), aSignerOf("sent")],
        }),
      ],
    },
    expected: ["sent_missing:lumin"],
  },
  {
    title: "completed for two days without having been sent",
    given: { documents: [completedAgo(SETTLED, { sentAt: null, told: ["document.completed"] })] },
    expected: ["sent_missing:lumin"],
  },
  {
    title: "signed after an invitation of the signer alone: none",
    given: { documents: [completedAgo(SETTLED, { told: ["signer.sent", "document.completed"] })] },
    expected: [],
  },
  {
    title: "signed without having been sent, where the provider never tells of the sending: none",
    given: {
      sources: [without("document.sent", "signer.sent")],
      documents: [completedAgo(SETTLED, { sentAt: null, told: ["document.completed"] })],
    },
    expected: [],
  },
  {
    title: "signed without having been sent, in a document that is hardly younger than its source: none",
    given: {
      sources: [aSource({ since: NOW - SETTLED - DAY_MS - LIMIT + 1 })],
      documents: [completedAgo(SETTLED, { sentAt: null, told: ["document.completed"] })],
    },
    expected: [],
  },
  {
    title: "completed for two days with a signer who has not signed",
    given: { documents: [completedAgo(SETTLED, { signers: [...signedAgo(SETTLED), aSignerOf("viewed")] })] },
    expected: ["signature_missing:lumin"],
  },
  {
    title: "completed with a viewer who has not signed: none",
    given: {
      documents: [
        completedAgo(SETTLED, { signers: [...signedAgo(SETTLED), aSignerOf("viewed", { role: "viewer" })] }),
      ],
    },
    expected: [],
  },
  {
    title: "of a source that is not configured any more: none",
    given: { sources: [], documents: [sentAgo(2 * LIMIT)] },
    expected: [],
  },
];

describe("of documents, the rules find those that are", () => {
  for (const { title, given, expected } of CASES)
    it(title, () => expect(idsOf(given)).to.deep.equal(expected));
});

describe("documents of one kind and source", () => {
  const documents = [15, 30, 16, 20, 18].map((days, index) => sentAgo(days * DAY_MS, { id: `doc-${index}` }));

  it("are one concern, which counts them and names the three oldest", () => {
    const { sentence, count, since, subject, command } = concernOf({ documents }, "document_stuck:lumin");
    expect(sentence).to.equal(
      "Sent more than 14 days ago and not ended: 5 documents of lumin, the oldest since 2026-02-02 12:00:00: doc-1, doc-3, doc-4 and 2 more.",
    );
    expect({ count, since, subject, command }).to.deep.equal({
      count: 5,
      since: NOW - 30 * DAY_MS,
      subject: { source: "lumin", documents: ["doc-1", "doc-3", "doc-4"] },
      command: "countersign explain doc-1",
    });
  });

  it("are another concern for each source", () => {
    const sources = [aSource(), aSource({ name: "docusign" })];
    const both = [sentAgo(LIMIT), sentAgo(LIMIT + HOUR_MS, { source: "docusign" })];
    expect(idsOf(aSituation({ sources, documents: both }))).to.deep.equal([
      "document_stuck:docusign",
      "document_stuck:lumin",
    ]);
  });

  it("are listed by a command instead of explained, where a shell would not take the id as one word", () => {
    const strange = [sentAgo(LIMIT, { id: "$(reboot) a" })];
    expect(concernOf({ documents: strange }, "document_stuck:lumin").command).to.equal(
      "countersign documents --source lumin",
    );
  });

  it("show no address, and no id that is too long to read", () => {
    const ids = [`${"x".repeat(80)}`, "ada.example@example.com"];
    const { sentence } = concernOf(
      { documents: ids.map((id) => sentAgo(LIMIT, { id })) },
      "document_stuck:lumin",
    );
    expect(sentence).to.include(`${"x".repeat(60)}…, a•••@example.com`);
  });
});
