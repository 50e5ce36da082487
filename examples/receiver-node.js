// A receiver in Node that accepts only what Countersign sent.
//   npm install standardwebhooks
//   CRM_WEBHOOK_SECRET=whsec_… node receiver-node.js 9000
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.CRM_WEBHOOK_SECRET);
const seen = new Set(); // your database, in earnest: keep ids for at least four days

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    // Over the bytes as they came, before anything is parsed.
    const event = webhook.verify(Buffer.concat(chunks), request.headers);
    if (!seen.has(event.id)) {
      seen.add(event.id);
      console.log(event.type, event.subject ?? "", event.data.document?.status ?? "");
    }
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(401).end(error.message);
  }
});
server.listen(Number(process.argv[2] ?? 9000), process.argv[3] ?? "127.0.0.1", () =>
  console.log("listening", server.address().port),
);
