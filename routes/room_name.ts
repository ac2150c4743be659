import { BadRoomName, roomNode } from "../events/room_name.ts";
import { ProblemError } from "./problem.ts";

/** The node of the room that a client names. What no room can be called is `invalid_request`. */
export function readRoomName(name: string, field: string): string {
  try {
    return roomNode(name);
  } catch (error) {
    if (error instanceof BadRoomName) throw new ProblemError("invalid_request", `${field}: ${error.message}`);
    throw error;
  }
}
