// Lists the paths and keeps the list fresh.
"use strict";

const list = document.getElementById("paths");
const count = document.getElementById("count");

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function link(text, href) {
  const made = element("a", "", text);
  made.href = href;
  return made;
}

function describe(track) {
  const properties = track.codecProps || {};
  if (properties.width) return `${track.codec} ${properties.width}×${properties.height}`;
  if (properties.sampleRate) return `${track.codec} ${properties.sampleRate / 1000} kHz`;
  return track.codec;
}

function item(path) {
  const row = element("div", "row");
  row.append(link("", `/${path.name}/`), element("span", `state ${path.state}`, path.state));
  row.firstChild.className = "name";
  row.firstChild.textContent = path.name;
  const facts = path.tracks2.map(describe);
  if (path.ready && path.bitrate) facts.push(`${(path.bitrate / 1e6).toFixed(2)} Mbit/s`);
  if (path.readers.length) facts.push(`${path.readers.length} watching`);
  row.append(element("span", "quiet", facts.join(" · ")));
  const links = element("span", "links");
  links.append(link("HLS", `/${path.name}/?player=hls`));
  if (path.dash) links.append(link("DASH", `/${path.name}/?player=dash`));
  row.append(links);
  const made = element("li");
  made.append(row);
  if (path.source.id) made.append(element("code", "", path.source.id));
  if (path.error) made.append(element("p", "reason", path.error));
  return made;
}

async function refresh() {
  try {
    const answer = await (await fetch("/v3/paths/list?itemsPerPage=1000", { cache: "no-store" })).json();
    list.replaceChildren(...answer.items.map(item));
    count.textContent = answer.itemCount === 1 ? "1 stream" : `${answer.itemCount} streams`;
  } catch {
    count.textContent = "the server does not answer";
  }
  setTimeout(refresh, 2000);
}

refresh();
