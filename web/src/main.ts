import { mount } from "svelte";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app element");
// The shell stood in for the first paint.
target.replaceChildren();
mount(App, { target });
