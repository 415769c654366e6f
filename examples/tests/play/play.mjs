// Plays addresses in headless Chromium, and tells how it went. It judges nothing; the tests do.
//
//   node play.mjs CHROMIUM FOLDER
//
// Serves FOLDER on loopback. Each line of standard input is a JSON list of what is to be played at the same time, and is answered by a line: the
// list of how each went. It ends when its input does. Of each:
//
//   player   hls, dash or shaka
//   url      an address, or a path below FOLDER that begins with a slash
//   seconds  how much of it is to be played
//   seek     from where, in seconds; the beginning if not given
//   sizes    how many sizes of the picture must have been seen before the seconds count
//   low      true: as close behind the live edge as there is
//
// It is over once that has been played, or the media has, or after a minute more than that.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [executablePath, folder] = process.argv.slice(2);
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

const state = (page) => page.evaluate(() => {
  const { video, errors, ready, begin, sizes, jumps, stood, behind } = window.playback;
  const { buffered } = video;
  return {
    ready, begin, sizes, jumps, stood,
    behind: behind(),
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

// Whether what was asked for has been played.
function done(report, { seconds, sizes = 0 }) {
  if (report.ended || report.errors.some((error) => error.fatal)) return true;
  if (!report.ready || report.sizes.length < sizes) return false;
  const from = sizes > 1 ? report.sizes[sizes - 1][0] : report.begin;
  return report.position - Math.max(from, report.begin) >= seconds;
}

async function play(what) {
  const page = await browser.newPage();
  const uncaught = [];
  page.on("pageerror", (error) => uncaught.push({ kind: "page", details: String(error), fatal: true }));
  await page.goto(`http://127.0.0.1:${server.address().port}/page.html?${new URLSearchParams({ play: JSON.stringify(what) })}`);
  const patience = Date.now() + 1000 * (what.seconds + 60);
  let report = await state(page);
  while (Date.now() < patience && !done(report, what)) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    report = await state(page);
  }
  if (report.errors.some((error) => error.fatal)) {
    // What the browser says of it comes a moment later.
    await new Promise((resolve) => setTimeout(resolve, 500));
    report = await state(page);
  }
  await page.close();
  return { ...report, errors: [...report.errors, ...uncaught] };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await Promise.all(JSON.parse(line).map(play))));
}
await browser.close();
server.closeAllConnections();
server.close();
