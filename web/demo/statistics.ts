/** Every ten seconds: what RTCPeerConnection.getStats says of each call, through the SDK's telemetry. */
import { Actions, type RoomType, Selectors, type State } from "@andyet/simplewebrtc";
import { useEffect } from "react";
import { useStore } from "react-redux";
import { useAct } from "./act.ts";

const interval = 10_000;

/** Kinds of reports that tell how well media gets through. */
const kinds = new Set(["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair"]);

/** Reports on the calls in a room for as long as the component is there. */
export function useStatistics({ id, address }: RoomType): void {
  const store = useStore<State>();
  const act = useAct();
  useEffect(() => {
    const report = async () => {
      const state = store.getState();
      const { sessions } = Selectors.getClient(state).jingle;
      for (const peer of Selectors.getPeersForRoom(state, address)) {
        for (const { id: sid } of Selectors.getConnectionsForPeer(state, peer.address)) {
          const connection = (sessions[sid] as { pc?: RTCPeerConnection } | undefined)?.pc;
          if (connection?.connectionState !== "connected") continue;
          const data = { sid, reports: await measure(connection) };
          const item = { eventType: "p2p_session_stats", roomId: id, peerId: peer.id, data };
          act(Actions.queueTelemetry(item.eventType, item));
        }
      }
    };
    const timer = setInterval(report, interval);
    act(Actions.enableTelemetry());
    return () => {
      clearInterval(timer);
      Actions.disableTelemetry();
    };
  }, [store, act, id, address]);
}

// ---

/** The numbers of each report, by the browser's own names. */
async function measure(connection: RTCPeerConnection): Promise<Record<string, unknown>[]> {
  const reports = [...(await connection.getStats()).values()] as Record<string, unknown>[];
  return reports
    .filter(({ type, nominated }) => kinds.has(String(type)) && nominated !== false)
    .map(({ type, kind, ...rest }) => ({
      type,
      ...kind !== undefined && { kind },
      ...Object.fromEntries(Object.entries(rest).filter(([, value]) => typeof value === "number")),
    }));
}
