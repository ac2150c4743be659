/**
 * What people do in a room: the vocabulary of plans.
 *
 * @module
 */

/** Somebody in a plan, by number. 0 makes the room and owns it. */
export type Person = number;

/** What a camera and a microphone give. */
export type Medium = "audio" | "video";

/**
 * How one leaves. `leave` is what the SDK does: presence first, then the end of every call; `drop` says
 * goodbye and ends nothing; `logout` closes the XMPP stream; `vanish` cuts the connection, as a closed tab
 * does; `banned` is the owner's deed, `destroy` the owner's end of the whole room.
 */
export type Way = "leave" | "drop" | "logout" | "vanish" | "banned" | "destroy";

/** One deed. */
export type Action =
  /** The first one creates the room, locked if there is a password. */
  | { readonly do: "join"; readonly who: Person; readonly password?: string }
  /** Without a password: unlocks. */
  | { readonly do: "lock"; readonly who: Person; readonly password?: string }
  /** Without a text: a groupchat message that is no chat. */
  | { readonly do: "say"; readonly who: Person; readonly text?: string }
  /** Real-time text. Clients may begin with an edit. */
  | { readonly do: "type"; readonly who: Person; readonly event: "init" | "edit" | "cancel" }
  /** One Jingle session, in one direction; with `screen` it carries that shared screen. */
  | {
    readonly do: "call";
    readonly who: Person;
    readonly peer: Person;
    readonly sid: string;
    readonly answered: boolean;
    readonly screen?: string;
  }
  | { readonly do: "hangup"; readonly who: Person; readonly sid: string; readonly reason: string }
  /** Told to every peer. */
  | { readonly do: "pause" | "resume"; readonly who: Person; readonly medium: Medium }
  /** With `back`: stays logged in, and will join again. */
  | { readonly do: "go"; readonly who: Person; readonly way: Way; readonly back?: true };
