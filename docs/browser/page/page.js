// The page around a room: what happens is shown as text, never as markup.
import { Room } from "./room.js";

const at = (id) => document.getElementById(id);
const line = (text) => at("room").append(Object.assign(document.createElement("li"), { textContent: text }));
let room;

const shown = {
  state: (text) => (at("state").textContent = text),
  event: ({ number, kind, alias, text }) => line(text ? `${number} ${alias}: ${text}` : `${number} ${alias} ${kind}`),
  help: ({ state, callNumber }) => (at("helped").textContent = `${state}; to call somebody now: ${callNumber}`),
};

at("door").onsubmit = async (submitted) => {
  submitted.preventDefault();
  const { address, session, token, ticket } = Object.fromEntries(new FormData(at("door")));
  room?.leave();
  room = await Room.open({ address, sessionId: session, token, ticket }, shown);
};
at("chat").onsubmit = (submitted) => {
  submitted.preventDefault();
  room?.say(new FormData(at("chat")).get("text"));
  at("chat").reset();
};
at("help").onclick = () => room?.callForHelp();
at("leave").onclick = () => room?.leave();
