// A viewer: opens a player page in headless Chromium and tells each second, as a line of JSON, how playback stands. It judges nothing;
// the tests do. Ends, after keeping a screenshot, when its standard input ends.
//
//   node play.mjs CHROMIUM URL SCREENSHOT
import { chromium } from "playwright-core";

const [executablePath, url, screenshot] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath,
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
  ],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const uncaught = [];
page.on("pageerror", (error) => uncaught.push(String(error)));
await page.goto(url);

let ended = false;
process.stdin.on("end", () => { ended = true; }).resume();

while (!ended) {
  const state = await page.evaluate(() => {
    const video = document.querySelector("video");
    const { errors, buffered } = window.reelmill;
    const quality = video.getVideoPlaybackQuality();
    return {
      currentTime: video.currentTime,
      paused: video.paused,
      width: video.videoWidth,
      height: video.videoHeight,
      pictures: quality.totalVideoFrames,
      dropped: quality.droppedVideoFrames,
      mediaError: video.error && video.error.message,
      message: document.getElementById("message").textContent,
      buffered: buffered(),
      errors,
    };
  });
  console.log(JSON.stringify({ ...state, errors: [...state.errors, ...uncaught] }));
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

await page.screenshot({ path: screenshot });
await browser.close();
