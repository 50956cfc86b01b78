// One participant's stream: AttendSession of protos/haven/sessions/v1/sessions.proto over a WebSocket.
const AGAIN = new Set([1006, 4004, 4008, 4010, 4013, 4014]); // come again; services/sessions/README.md says why
const AT_ONCE = new Set(["GOODBYE_REASON_RESUME", "GOODBYE_REASON_RESUME_ELSEWHERE"]);
const LATER = new Set(["STORE_UNAVAILABLE", "WRITE_CONFLICT"]); // the same frame is taken a moment later
const FIRST_PAUSE = 250, LONGEST_PAUSE = 8000; // milliseconds

export class Room {
  static async open(where, shown) {
    const messages = protobuf.Root.fromJSON(await (await fetch("messages.json")).json());
    const type = (name) => messages.lookupType(`haven.sessions.v1.${name}`);
    const room = new Room(where, shown, type("AttendSessionRequest"), type("AttendSessionResponse"));
    room.connect();
    return room;
  }

  constructor(where, shown, Ask, Answer) {
    Object.assign(this, { where, shown, Ask, Answer });
    this.cursor = 0; // the last event of the room that was shown; from there it goes on after a cut
    this.waiting = new Map(); // what was said or asked for and is not known to be recorded, by request_id
    this.signals = new Set(); // calls for help that are recorded
    this.pause = FIRST_PAUSE;
  }

  connect() {
    const { address, token } = this.where;
    this.parting = undefined;
    this.socket = new WebSocket(`${address}/v1/attend`, ["haven.v1", `bearer.${token}`]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      const { sessionId, ticket } = this.where;
      const proof = this.resumeToken ? { resumeToken: this.resumeToken } : { joinTicket: ticket };
      this.send({ hello: { sessionId, roomCursor: this.cursor, ...proof } });
      // A call for help waits for nothing, not even for the door.
      for (const frame of this.waiting.values()) if (frame.raiseSignal) this.send(frame);
    };
    this.socket.onmessage = ({ data }) => this.take(this.Answer.decode(new Uint8Array(data)));
    this.socket.onclose = ({ code, reason }) => this.ended(code, reason);
  }

  take(message) {
    const answer = this.Answer.toObject(message, { enums: String, longs: Number, defaults: true, oneofs: true });
    const value = answer[answer.frame];
    switch (answer.frame) {
      case "waiting": return this.entered("waiting", value);
      case "welcome":
        value.safetySignals.forEach((each) => this.helped(each));
        return this.entered(`in the room as ${value.alias}`, value);
      case "roomEvent":
        this.cursor = value.number;
        return this.shown.event(value);
      case "privateEvent":
        if (value.safetySignal) this.helped(value.safetySignal, true);
        return;
      case "receipt": return this.waiting.delete(value.requestId);
      case "refusal": return this.refused(value);
      case "goodbye": return (this.parting = value.reason);
    }
  }

  entered(state, { heartbeatInterval, resumeToken }) {
    this.shown.state(state);
    this.resumeToken = resumeToken; // the ticket is used up; this opens the door after a cut
    this.pause = FIRST_PAUSE;
    clearInterval(this.beat);
    this.beat = setInterval(() => this.send({ heartbeat: {} }), heartbeatInterval.seconds * 1000 + heartbeatInterval.nanos / 1e6);
    // The same request_id is the same message: what arrived before the cut is not said twice.
    if (state !== "waiting") for (const frame of this.waiting.values()) this.send(frame);
  }

  refused({ requestId, reason }) {
    const frame = this.waiting.get(requestId);
    if (frame && LATER.has(reason)) return setTimeout(() => this.send(frame), 1000);
    this.waiting.delete(requestId);
    this.shown.state(`not taken: ${reason}`);
  }

  say(text) {
    const requestId = crypto.randomUUID();
    this.keep(requestId, { chat: { requestId, text } });
  }

  callForHelp() {
    const requestId = crypto.randomUUID();
    this.keep(requestId, { raiseSignal: { requestId } });
  }

  helped(signal, isNews = false) {
    this.shown.help(signal);
    // Word of an earlier call is no answer to the newest one, which is sent again until it has its own.
    if (signal.isStored && isNews && !this.signals.has(signal.safetySignalId))
      for (const [id, frame] of this.waiting) if (frame.raiseSignal) this.waiting.delete(id);
    if (signal.isStored) this.signals.add(signal.safetySignalId);
  }

  leave() {
    this.left = true;
    this.send({ leave: {} });
  }

  keep(requestId, frame) {
    this.waiting.set(requestId, frame);
    this.send(frame);
  }

  send(frame) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(this.Ask.encode(this.Ask.create(frame)).finish());
  }

  ended(code, reason) {
    clearInterval(this.beat);
    const atOnce = AT_ONCE.has(this.parting);
    if (this.left || !(atOnce || AGAIN.has(code))) return this.shown.state(`ended: ${reason || this.parting || code}`);
    this.shown.state("coming again");
    setTimeout(() => this.connect(), atOnce ? 0 : this.pause * (0.5 + Math.random()));
    if (!atOnce) this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}
