import { xml } from "@xmpp/client";
import { joined, scenario, type Stage, started } from "./scenario.ts";
import { ask, content, enter, jingle, leave, mute, screen } from "./stanzas.ts";
import type { Session } from "./xmpp.ts";

/** An error as a peer's answer to a request; `specific` is Jingle's own condition (XEP-0166 §10). */
const refusal = (condition: string, specific?: string) =>
  xml(
    "error",
    { type: "cancel" },
    xml(condition, "urn:ietf:params:xml:ns:xmpp-stanzas"),
    ...specific === undefined ? [] : [xml(specific, "urn:xmpp:jingle:errors:1")],
  );
const unknownSession = refusal("item-not-found", "unknown-session");
const tieBreak = refusal("conflict", "tie-break");

/** A and B in a room that A has made. */
async function roomOfTwo({ people, expect }: Stage): Promise<[Session, Session]> {
  const [a, b] = await people("A", "B");
  await enter(a);
  await enter(b);
  await expect(
    started("A"),
    started("B"),
    'room_created A {"name":"daily"}',
    joined("A", "owner"),
    joined("B"),
  );
  return [a, b];
}

const call = async (from: Session, to: Session, sid: string) => {
  await ask(from, to, "session-initiate", sid, content("audio"), content("video"));
  await ask(to, from, "session-accept", sid);
};
const begun = (who: string, sid: string) =>
  `p2p_session_started ${who} {"media":["audio","video"],"sid":"${sid}"}`;
const over = (who: string, sid: string, reason: string) =>
  `p2p_session_ended ${who} {"reason":"${reason}","sid":"${sid}"}`;

scenario("an offer that is refused is over, with the screen in it", async (stage) => {
  const { expect } = stage;
  const [a, b] = await roomOfTwo(stage);
  b.answerJingle("nothing");
  await jingle(a, b, "session-initiate", "s1", content("video"));
  await jingle(a, b, "description-info", "s1", screen("scr"));
  await expect('screencapture_started A {"screen":"scr"}');
  b.answerJingle(refusal("service-unavailable"));
  await ask(
    a,
    b,
    "session-initiate",
    "s2",
    content("video", xml("screen", { xmlns: "https://talky.io/ns/core", id: "two" })),
  );
  await expect('screencapture_started A {"screen":"two"}', 'screencapture_ended A {"screen":"two"}');
  // Who refuses an offer cannot accept it any more.
  b.answerJingle("result");
  await ask(b, a, "session-accept", "s2", content("video"));
  await expect();
  b.answerJingle(unknownSession);
  await ask(a, b, "transport-info", "s1");
  await expect('screencapture_ended A {"screen":"scr"}');
});

scenario("an acceptance that is refused has ended the call", async (stage) => {
  const { expect } = stage;
  const [a, b] = await roomOfTwo(stage);
  for (
    const answer of [unknownSession, refusal("unexpected-request", "out-of-order"), refusal("bad-request")]
  ) {
    const reason = (answer.getChildElements().at(-1) as { name: string }).name;
    a.answerJingle(answer);
    await call(a, b, reason);
    await expect(begun("A B", reason), over("A B", reason, reason));
  }
});

scenario(
  "whoever has no such session any more has ended it, whatever was asked",
  async (stage) => {
    const { expect } = stage;
    const [a, b] = await roomOfTwo(stage);
    for (const action of ["session-info", "description-info", "transport-info", "content-add"]) {
      await call(a, b, action);
      b.answerJingle(refusal("feature-not-implemented", "unsupported-info"));
      await ask(a, b, action, action);
      await expect(begun("A B", action));
      b.answerJingle(unknownSession);
      await ask(a, b, action, action);
      b.answerJingle("result");
      await expect(over("B A", action, "unknown-session"));
    }
    await call(a, b, "mine");
    a.answerJingle(refusal("item-not-found"));
    await ask(b, a, "session-info", "mine");
    await expect(begun("A B", "mine"), over("A B", "mine", "item-not-found"));
  },
);

scenario(
  "both call under one sid: one of the calls is broken off, the other begins and ends",
  async (stage) => {
    const [a, b] = await roomOfTwo(stage);
    const media = [content("audio"), content("video")];
    b.answerJingle(tieBreak);
    await ask(a, b, "session-initiate", "s", ...media);
    b.answerJingle("result");
    await ask(b, a, "session-initiate", "s", ...media);
    await ask(a, b, "session-accept", "s");
    await ask(b, a, "session-terminate", "s");
    await stage.expect(begun("B A", "s"), 'p2p_session_ended B A {"sid":"s"}');
    // Neither is answered: what is accepted counts.
    b.answerJingle("nothing");
    await jingle(a, b, "session-initiate", "t", ...media);
    a.answerJingle("nothing");
    await jingle(b, a, "session-initiate", "t", ...media);
    a.answerJingle("result");
    b.answerJingle("result");
    await ask(a, b, "session-accept", "t");
    await stage.expect(begun("B A", "t"));
    await leave(a);
    await stage.expect(over("A B", "t", "left"), 'occupant_left A {"cause":"left","reason":"bye"}');
  },
);

scenario("who resumes alone tells nobody, but by the next session", async (stage) => {
  const { expect } = stage;
  const [a, b] = await roomOfTwo(stage);
  await call(a, b, "s1");
  for (const medium of ["audio", "video"]) await ask(a, b, "session-info", "s1", mute("mute", medium));
  await leave(b);
  await enter(b);
  await expect(
    ...[begun("A B", "s1"), "audio_paused A", "video_paused A"],
    ...[over("B A", "s1", "left"), 'occupant_left B {"cause":"left","reason":"bye"}', joined("B")],
  );
  // The SDK says in each new session what is muted, and nothing of what is not.
  await ask(a, b, "session-initiate", "s2", content("audio"), content("video"));
  await ask(a, b, "session-info", "s2", mute("mute", "audio"));
  await ask(b, a, "session-accept", "s2");
  await expect(begun("A B", "s2"), "video_resumed A");
  await ask(a, b, "session-info", "s2", mute("unmute", "audio"));
  await expect("audio_resumed A");
});
