import { xml } from "@xmpp/client";
import { joined, scenario, started } from "./scenario.ts";
import { admin, ask, content, enter, mute, room, say, screen, send, submit } from "./stanzas.ts";
import { namespaces as ns } from "./xmpp.ts";

const unavailable = xml(
  "error",
  { type: "cancel" },
  xml("service-unavailable", "urn:ietf:params:xml:ns:xmpp-stanzas"),
);

scenario("who is taken out, though the connection lives, has not been disconnected", async (stage) => {
  const [a, b] = await stage.people("A", "B");
  await enter(a);
  await stage.expect(started("A"), started("B"), 'room_created A {"name":"daily"}', joined("A", "owner"));
  const affiliate = (affiliation: string) =>
    admin(a, xml("item", { jid: b.jid.split("/")[0]!, affiliation }));
  const member = joined("B").replace('"none"', '"member"');

  // 333: for an error, in whatever it came.
  for (
    const [name, to] of [["presence", `${room}/${b.id}`], ["message", `${room}/${a.id}`], ["message", room]]
  ) {
    await enter(b);
    await send(b, xml(name!, { type: "error", to: to! }, unavailable));
    await stage.expect(
      joined("B"),
      'occupant_left B {"cause":"error","reason":"Kicked: service unavailable"}',
    );
  }
  // 322: the room becomes one of members only.
  await enter(b);
  await submit(a, { membersonly: ["1"] });
  await stage.expect(joined("B"), 'occupant_left B {"cause":"removed"}');
  // 321: no member any more.
  await affiliate("member");
  await enter(b);
  await affiliate("none");
  await stage.expect(member, 'occupant_left B {"cause":"removed"}');
  // 301, 307.
  await submit(a, { membersonly: ["0"] });
  await enter(b);
  await admin(a, xml("item", { nick: b.id, role: "none" }));
  await stage.expect(joined("B"), 'occupant_left B {"cause":"kicked"}');
  await enter(b);
  await affiliate("outcast");
  await stage.expect(joined("B"), 'occupant_left B {"cause":"banned"}');
});

scenario("who may not speak any more has stopped typing, and may end the rest", async (stage) => {
  const [a, b] = await stage.people("A", "B");
  await enter(a);
  await enter(b);
  await stage.expect(
    ...[started("A"), started("B"), 'room_created A {"name":"daily"}', joined("A", "owner"), joined("B")],
  );
  const typing = xml("rtt", { xmlns: ns.rtt });
  await say(b, typing);
  await stage.expect("rtt_enabled B");
  await admin(a, xml("item", { nick: b.id, role: "visitor" }));
  await stage.expect("rtt_disabled B");
  await say(b, typing);
  await say(b, xml("rtt", { xmlns: ns.rtt, event: "cancel" }));
  await stage.expect();
  // By another way: in a moderated room, who is no member any more is a visitor.
  await submit(a, { moderatedroom: ["1"] });
  await admin(a, xml("item", { jid: b.jid.split("/")[0]!, affiliation: "member" }));
  await say(b, typing);
  await admin(a, xml("item", { jid: b.jid.split("/")[0]!, affiliation: "none" }));
  await stage.expect("rtt_enabled B", "rtt_disabled B");

  // What a visitor has begun with a peer, they may end.
  await ask(b, a, "session-initiate", "s1", content("video"));
  await ask(a, b, "session-accept", "s1");
  await ask(b, a, "session-info", "s1", mute("mute", "video"));
  await ask(b, a, "session-info", "s1", mute("unmute", "video"));
  await ask(b, a, "description-info", "s1", screen("scr"));
  await ask(b, a, "session-terminate", "s1");
  await stage.expect(
    ...['p2p_session_started B A {"media":["video"],"sid":"s1"}', "video_paused B", "video_resumed B"],
    ...['screencapture_started B {"screen":"scr"}', 'p2p_session_ended B A {"sid":"s1"}'],
    'screencapture_ended B {"screen":"scr"}',
  );
});
