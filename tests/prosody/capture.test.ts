import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { joined, scenario, started } from "./scenario.ts";
import { admin, configure, content, enter, jingle, leave, mute, room, say, screen } from "./stanzas.ts";
import { join, namespaces as ns, type Session } from "./xmpp.ts";

scenario("a call from its first presence to its last", async ({ people, expect }) => {
  const [a, b] = await people("A", "B");
  await enter(a);
  await expect(
    started("A"),
    started("B"),
    'room_created A {"name":"daily"}',
    joined("A", "owner"),
  );
  await enter(b);
  await expect(joined("B"));

  await configure(a, "hush");
  await expect("room_locked A");
  await configure(a, "hush hush");
  await configure(a, "");
  await expect("room_unlocked A");
  await configure(a, "");

  await say(a, xml("body", {}, "héllo 👋"));
  await say(a, xml("subject", {}, "no message"));
  await say(a, xml("rtt", { xmlns: ns.rtt, event: "init" }));
  await say(a, xml("rtt", { xmlns: ns.rtt }));
  await say(a, xml("rtt", { xmlns: ns.rtt, event: "cancel" }));
  await say(a, xml("rtt", { xmlns: ns.rtt, event: "cancel" }));
  await say(b, xml("rtt", { xmlns: ns.rtt }), xml("body", {}, "x"));
  await expect(
    'message_sent A {"length":7}',
    "rtt_enabled A",
    "rtt_disabled A",
    "rtt_enabled B",
    'message_sent B {"length":1}',
  );

  await leave(b);
  await expect("rtt_disabled B", 'occupant_left B {"cause":"left","reason":"bye"}');
  await a.close();
  await expect('occupant_left A {"cause":"disconnected"}', "room_destroyed", "session_ended A");
});

scenario("media from its first offer to its last", async ({ people, expect }) => {
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

  await jingle(a, b, "session-initiate", "s1", content("audio"), content("video"));
  await expect();
  await jingle(b, a, "session-accept", "s1", content("audio"), content("video"));
  await jingle(b, a, "session-accept", "s1");
  await expect('p2p_session_started A B {"media":["audio","video"],"sid":"s1"}');
  await jingle(a, b, "session-info", "s1", mute("unmute", "audio"));
  await jingle(a, b, "session-info", "s1", mute("mute", "audio"));
  await jingle(a, b, "session-info", "s1", mute("mute", "video"));
  await jingle(a, b, "session-info", "s1", mute("mute", "audio"));
  await jingle(a, b, "session-info", "s1", mute("unmute", "audio"));
  await jingle(a, b, "session-info", "s1", mute("unmute", "video"));
  await expect("audio_paused A", "video_paused A", "audio_resumed A", "video_resumed A");

  await jingle(a, b, "session-initiate", "s2", content("video"));
  await jingle(a, b, "description-info", "s2", screen("scr"));
  await jingle(b, a, "session-accept", "s2", content("video"));
  await jingle(a, b, "session-info", "s2", mute("mute", "video"));
  await jingle(a, b, "session-terminate", "s2", xml("reason", {}, xml("success"), xml("text", {}, "done")));
  await expect(
    'screencapture_started A {"screen":"scr"}',
    'p2p_session_started A B {"media":["video"],"screen":"scr","sid":"s2"}',
    'p2p_session_ended A B {"reason":"success","sid":"s2"}',
    'screencapture_ended A {"screen":"scr"}',
  );

  // Never accepted: it never happened.
  await jingle(b, a, "session-initiate", "s3", content("audio"));
  await jingle(a, b, "session-terminate", "s3", xml("reason", {}, xml("decline")));
  await expect();

  await leave(b);
  await jingle(b, a, "session-terminate", "s1", xml("reason", {}, xml("success")));
  await expect(
    'p2p_session_ended B A {"reason":"left","sid":"s1"}',
    'occupant_left B {"cause":"left","reason":"bye"}',
  );
  await a.close();
  await expect('occupant_left A {"cause":"disconnected"}', "room_destroyed", "session_ended A");
});

scenario("what is said to each peer and again to later joiners happens once", async ({ people, expect }) => {
  const [a, b, c] = await people("A", "B", "C");
  await enter(a, [xml("password", {}, "hush")]);
  await expect(
    started("A"),
    started("B"),
    started("C"),
    'room_created A {"name":"daily"}',
    joined("A", "owner"),
    "room_locked A",
  );
  await enter(b);
  await expect();
  await enter(b, [xml("password", {}, "hush")]);
  await expect(joined("B"));

  // To each peer: the screen, then the camera, which is off.
  const share = async (peer: Session, sid: string) => {
    await jingle(a, peer, "session-initiate", sid, content("video"));
    await jingle(a, peer, "description-info", sid, screen("scr"));
    await jingle(peer, a, "session-accept", sid, content("video"));
    await jingle(a, peer, "session-initiate", `${sid}-camera`, content("audio"), content("video"));
    await jingle(a, peer, "session-info", `${sid}-camera`, mute("mute", "video"));
  };
  await share(b, "a1");
  await expect(
    'screencapture_started A {"screen":"scr"}',
    'p2p_session_started A B {"media":["video"],"screen":"scr","sid":"a1"}',
    "video_paused A",
  );
  await enter(c, [xml("password", {}, "hush")]);
  await share(c, "a2");
  await expect(joined("C"), 'p2p_session_started A C {"media":["video"],"screen":"scr","sid":"a2"}');

  // The screen goes on to C.
  b.drop();
  await expect(
    'p2p_session_ended B A {"reason":"left","sid":"a1"}',
    'occupant_left B {"cause":"disconnected"}',
    "session_ended B",
  );
  await a.close();
  await expect(
    'screencapture_ended A {"screen":"scr"}',
    'p2p_session_ended A C {"reason":"left","sid":"a2"}',
    'occupant_left A {"cause":"disconnected"}',
    "session_ended A",
  );
});

scenario("kicked, banned by nick, destroyed", async ({ people, expect }) => {
  const [a, b, c, d] = await people("A", "B", "C", "D");
  await expect(started("A"), started("B"), started("C"), started("D"));
  await enter(a);
  await expect('room_created A {"name":"daily"}', joined("A", "owner"));
  for (const [session, letter] of [[b, "B"], [c, "C"], [d, "D"]] as const) {
    await enter(session);
    await expect(joined(letter));
  }
  await admin(a, xml("item", { nick: b.id, role: "none" }, xml("reason", {}, "too loud")));
  await expect('occupant_left B {"cause":"kicked","reason":"too loud"}');
  await enter(b);
  await leave(b);
  await expect(joined("B"), 'occupant_left B {"cause":"left","reason":"bye"}');
  const banned = await admin(a, xml("item", { jid: `${room}/${c.id}`, affiliation: "outcast" }));
  assert.equal(banned.attrs.type, "result");
  await expect('occupant_left C {"cause":"banned"}');
  await leave(d);
  await expect('occupant_left D {"cause":"left","reason":"bye"}');
  const destroy = xml("destroy", {}, xml("reason", {}, "over"));
  await a.request(xml("iq", { type: "set", to: room }, xml("query", `${ns.muc}#owner`, destroy)));
  await expect('occupant_left A {"cause":"destroyed","reason":"over"}', 'room_destroyed {"reason":"over"}');
  await enter(d);
  await expect('room_created D {"name":"daily"}', joined("D", "owner"));
});

scenario(
  "one session id, one session: the newer connection replaces the older",
  async ({ prosody, people, expect }) => {
    const [a] = await people("A");
    await enter(a);
    await expect(started("A"), 'room_created A {"name":"daily"}', joined("A", "owner"));
    const again = await join(prosody, "guest-a", a.id);
    await expect(
      'occupant_left A {"cause":"disconnected"}',
      "room_destroyed",
      "session_ended A",
      started("A"),
    );
    await again.close();
    await expect("session_ended A");
  },
);
