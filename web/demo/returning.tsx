/**
 * Comes back as the same guest after a lost connection or when the page is loaded again: the service takes the
 * earlier session's credential as a token (ADR 0012). The SDK sends its token again with each attempt to
 * connect, so it is enough to give it the latest credential for one.
 */
import { Actions, Selectors } from "@andyet/simplewebrtc";
import { useEffect } from "react";
import { useSelector } from "react-redux";
import { useAct } from "./act.ts";

/** One per tab: a second tab is somebody else. */
const key = "talky-credential";

/** The token of the SDK's first attempt; none in a new tab. */
export function earlierCredential(): { userData?: string } {
  const userData = sessionStorage.getItem(key);
  return userData === null ? {} : { userData };
}

/** Keeps the credential for the next attempt. Shows nothing. */
export function Returning() {
  const config = useSelector(Selectors.getAPIConfig);
  const configUrl = useSelector(Selectors.getConfigURL);
  const token = useSelector(Selectors.getUserToken);
  const act = useAct();
  useEffect(() => {
    if (config.credential === "" || token === config.credential) return;
    sessionStorage.setItem(key, config.credential);
    act(Actions.receivedConfig(configUrl, config, config.credential));
  }, [config, configUrl, token]);
  return null;
}
