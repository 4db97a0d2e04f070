// The instrument on a page of its own: a file that anybody can open. The page has its data in an element, see saved_page.py.
import { mount } from "./instrument.js";
import { pageHost } from "./page_host.js";
import { unpacked } from "./program.js";
import { State } from "./state.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const shade = () => { document.body.dataset.jpThemeLight = String(!dark.matches); };

async function openPage() {
  shade();
  dark.addEventListener("change", shade);
  const { model, lesson, learned, ...traits } = await unpacked(document.getElementById("sw-data").textContent.trim());
  const host = pageHost(learned);
  const state = new State(model, host.ask);
  state.lesson = lesson;
  host.join(state, traits);
  mount(document.getElementById("sw-page"), state);
}

openPage();
