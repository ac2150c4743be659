/** Dispatching the SDK's actions: thunks, which redux's own types do not know. */
import { useDispatch } from "react-redux";

export type Act = (action: unknown) => void;

export const useAct = () => useDispatch() as Act;
