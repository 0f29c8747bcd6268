// A case → the queue it waits in:  node run.mjs ROW CHANNEL [ACT]  (without arguments: cases as JSON, one a line, from stdin)
//
// bpmn-engine runs consigned_work.bpmn. Its service task asks the HTTP API of `assign serve` (ASSIGN_URL, ASSIGN_KEY).
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Engine } from 'bpmn-engine';

const source = readFileSync(new URL('consigned_work.bpmn', import.meta.url), 'utf8');
const url = process.env.ASSIGN_URL ?? 'http://127.0.0.1:8000';
const headers = { 'content-type': 'application/json' };
if (process.env.ASSIGN_KEY) headers.authorization = `Bearer ${process.env.ASSIGN_KEY}`;

// The desk's answer. Anything else - a problem document, no server, no JSON - has no certainty: the gateway's last flow takes it.
async function ask(asked) {
  try {
    const response = await fetch(`${url}/v1/decisions`, { method: 'POST', headers, body: JSON.stringify(asked), signal: AbortSignal.timeout(10_000) });
    const said = await response.json();
    if (!response.ok) return { certainty: null, said: said.detail };
    return { ...said, said: (said.certainty === 'settled' ? said.next : said.question).text.ja };
  } catch (error) {
    return { certainty: null, said: `${url}: ${error.cause?.code ?? error.name}` };
  }
}

async function routed(asked) {
  const engine = new Engine({ name: 'consigned work', source });
  const waiting = new Promise((resolve, reject) => {
    engine.once('error', reject);
    engine.broker.subscribeTmp('event', 'activity.wait', (_, message) => resolve(message.content.id), { noAck: true });
  });
  let answer;
  const execution = await engine.execute({
    services: {
      decide({ environment }, done) {
        ask(asked).then((said) => {
          answer = environment.output.answer = said;
          done();
        });
      },
    },
  });
  const queue = await waiting;
  execution.stop();
  return { ...asked, queue, said: answer.said };
}

async function* cases([row, channel, act]) {
  if (row) yield act ? { row, channel, act } : { row, channel };
  else for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line);
}

for await (const each of cases(process.argv.slice(2))) console.log(JSON.stringify(await routed(each)));
