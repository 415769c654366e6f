// Plays one path, with hls.js or with dash.js by ?player=. What goes on is kept in window.reelmill for whoever looks in from outside.
"use strict";

const path = decodeURIComponent(location.pathname.replace(/^\/|\/$/g, ""));
const kind = new URLSearchParams(location.search).get("player") === "dash" ? "dash" : "hls";
const video = document.getElementById("video");
const message = document.getElementById("message");

window.reelmill = {
  kind,
  video,
  player: null,
  ready: false,
  // Each error event of the player: { type, details, fatal }.
  errors: [],
  // [start, end] pairs in seconds.
  buffered() {
    return Array.from({ length: video.buffered.length }, (_, n) => [video.buffered.start(n), video.buffered.end(n)]);
  },
};

function note(type, details, fatal) {
  window.reelmill.errors.push({ type, details, fatal, at: video.currentTime });
  console.warn("player", type, details, fatal ? "fatal" : "");
}

function load(script) {
  return new Promise((resolve, reject) => {
    const made = document.createElement("script");
    made.src = `/assets/${script}`;
    made.onload = resolve;
    made.onerror = () => reject(new Error(`${script} did not load`));
    document.head.append(made);
  });
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Waits until there is something to play, so that a camera that is still starting is no error.
async function available(file) {
  for (;;) {
    try {
      const answer = await fetch(file, { cache: "no-store" });
      if (answer.ok) return;
      message.textContent = (await answer.text()).trim() || `status ${answer.status}`;
    } catch {
      message.textContent = "the server does not answer";
    }
    await sleep(2000);
  }
}

// Whether the server sends segments in parts.
async function hasParts() {
  try {
    const answer = await fetch(`/v3/paths/get/${path}`, { cache: "no-store" });
    return answer.ok && (await answer.json()).hlsVariant === "lowLatency";
  } catch {
    return false;
  }
}

async function playHls() {
  await load("hls.min.js");
  if (!Hls.isSupported()) {
    video.src = "index.m3u8";
    return;
  }
  const lowLatencyMode = await hasParts();
  // What was lost by starting up, or by running dry, is made up for by playing faster.
  const maxLiveSyncPlaybackRate = lowLatencyMode ? 1.5 : 1;
  const player = new Hls({ lowLatencyMode, maxLiveSyncPlaybackRate, backBufferLength: 30 });
  player.on(Hls.Events.ERROR, (_, data) => {
    note(data.type, data.details, data.fatal);
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) player.recoverMediaError();
    else setTimeout(() => player.loadSource("index.m3u8"), 2000);
  });
  player.loadSource("index.m3u8");
  player.attachMedia(video);
  window.reelmill.player = player;
}

async function playDash() {
  await load("dash.all.min.js");
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({
    debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE },
    streaming: {
      buffer: { bufferToKeep: 30 },
      // When a camera is away for longer than the list is, dash.js would set its clock back to the last segment, for good: what comes
      // after would seem not to be there yet.
      timeShiftBuffer: { fallbackToSegmentTimeline: false },
    },
  });
  player.on(dashjs.MediaPlayer.events.ERROR, (event) => {
    note("dash", `${event.error.code} ${event.error.message}`, true);
  });
  player.initialize(video, "index.mpd", true);
  window.reelmill.player = player;
}

function show(state) {
  const properties = (track) => track.codecProps || {};
  const facts = [];
  for (const track of state.tracks2) {
    const { width, height, sampleRate, channelCount } = properties(track);
    facts.push([track.codec, width ? `${width}×${height}` : sampleRate ? `${sampleRate / 1000} kHz, ${channelCount} ch` : ""]);
  }
  if (state.fps) facts.push(["fps", state.fps.toFixed(2)]);
  if (state.bitrate) facts.push(["Mbit/s", (state.bitrate / 1e6).toFixed(2)]);
  if (state.gop) facts.push(["key frame every", `${state.gop.toFixed(2)} s`]);
  document.getElementById("facts").replaceChildren(...facts.map(([name, value]) => {
    const made = document.createElement("span");
    const strong = document.createElement("b");
    strong.textContent = value;
    made.append(`${name} `, strong);
    return made;
  }));
  const badge = document.getElementById("state");
  badge.className = `state ${state.state}`;
  badge.textContent = state.state;
  badge.title = state.error || "";
  document.getElementById("dash").hidden = !state.dash;
  if (video.readyState < 2 && state.error) message.textContent = state.error;
}

// dash.js waits out the time a camera was away, so an outage would last twice. Once there are pictures again and ours stands, the newest
// is what a viewer wants.
function goOn(state, before) {
  const stands = video.played.length > 0 && !video.paused && video.currentTime === before;
  if (kind === "dash" && state.ready && stands) window.reelmill.player.seekToOriginalLive();
}

async function watch() {
  let before = -1;
  for (;;) {
    try {
      const answer = await fetch(`/v3/paths/get/${path}`, { cache: "no-store" });
      if (answer.ok) {
        const state = await answer.json();
        show(state);
        goOn(state, before);
        before = video.currentTime;
      }
    } catch { /* the player says so itself */ }
    await sleep(2000);
  }
}

async function start() {
  document.title = `${path} · Reelmill`;
  document.getElementById("name").textContent = path;
  document.getElementById(kind).setAttribute("aria-current", "page");
  const file = kind === "dash" ? "index.mpd" : "index.m3u8";
  document.getElementById("address").textContent = new URL(file, location.href);
  video.addEventListener("playing", () => { message.textContent = ""; });
  watch();
  message.textContent = "waiting for the stream";
  await available(file);
  message.textContent = "";
  window.reelmill.ready = true;
  await (kind === "dash" ? playDash() : playHls());
}

start().catch((error) => {
  note("page", String(error), true);
  message.textContent = String(error);
});
