// Serves a folder on loopback, plays one address of it in headless Chromium, and tells how it went as one line of JSON. It judges nothing;
// the tests do.
//
//   node play.mjs CHROMIUM FOLDER PLAYER(hls|dash|shaka) ADDRESS SECONDS [SEEK]
//
// It ends once SECONDS of media have been played, or the media has, or after a minute more than that.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

const [executablePath, folder, player, address, seconds, seek] = process.argv.slice(2);
const here = import.meta.dirname;

const scripts = {
  "/page.html": join(here, "page.html"),
  "/hls.js": join(here, "node_modules/hls.js/dist/hls.min.js"),
  "/dash.js": join(here, "node_modules/dashjs/dist/modern/umd/dash.all.min.js"),
  "/shaka.js": join(here, "node_modules/shaka-player/dist/shaka-player.compiled.js"),
};
const types = {
  ".html": "text/html", ".js": "text/javascript", ".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml",
  ".mp4": "video/mp4", ".m4s": "video/iso.segment", ".m4a": "audio/mp4", ".ts": "video/mp2t", ".webm": "video/webm", ".aac": "audio/aac",
  ".mp3": "audio/mpeg", ".ac3": "audio/ac3", ".ec3": "audio/eac3",
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const file = scripts[pathname] ?? join(folder, normalize(decodeURIComponent(pathname)));
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return response.writeHead(404).end();
  const headers = { "Content-Type": types[extname(file)] ?? "application/octet-stream", "Accept-Ranges": "bytes" };
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  if (!asked) {
    response.writeHead(200, { ...headers, "Content-Length": found.size });
    return createReadStream(file).pipe(response);
  }
  const start = Number(asked[1]);
  const end = Math.min(asked[2] ? Number(asked[2]) : found.size - 1, found.size - 1);
  if (start > end) return response.writeHead(416, { "Content-Range": `bytes */${found.size}` }).end();
  response.writeHead(206, { ...headers, "Content-Length": end - start + 1, "Content-Range": `bytes ${start}-${end}/${found.size}` });
  createReadStream(file, { start, end }).pipe(response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({
  executablePath,
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
  ],
});
const page = await browser.newPage();
const uncaught = [];
page.on("pageerror", (error) => uncaught.push({ kind: "page", details: String(error), fatal: true }));
const query = new URLSearchParams({ player, url: `/${address}`, ...(seek ? { seek } : {}) });
await page.goto(`http://127.0.0.1:${server.address().port}/page.html?${query}`);

const state = () => page.evaluate(() => {
  const { video, errors, ready } = window.playback;
  const { buffered } = video;
  return {
    ready,
    position: video.currentTime,
    ended: video.ended,
    duration: Number.isFinite(video.duration) ? video.duration : null,
    pictures: video.getVideoPlaybackQuality().totalVideoFrames,
    size: [video.videoWidth, video.videoHeight],
    sound: video.webkitAudioDecodedByteCount ?? 0,
    buffered: Array.from({ length: buffered.length }, (_, n) => [buffered.start(n), buffered.end(n)]),
    errors: [...errors, ...(video.error ? [{ kind: "video", details: video.error.message, fatal: true }] : [])],
  };
});

let begin = null;
let report = await state();
const patience = Date.now() + 1000 * (Number(seconds) + 60);
while (Date.now() < patience) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  report = await state();
  if (report.ready && begin === null) begin = report.position;
  const played = begin === null ? 0 : report.position - begin;
  if (played >= Number(seconds) || report.ended || report.errors.some((error) => error.fatal)) break;
}
console.log(JSON.stringify({ ...report, begin, errors: [...report.errors, ...uncaught] }));
await browser.close();
server.closeAllConnections();
server.close();
