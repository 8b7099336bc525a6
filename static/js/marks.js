// Where findings are in a text that goes on being changed. Places are counted in UTF-16 units, as a textarea counts.

// The server counts characters; one beyond the basic plane is two units here.
export function unitsOf(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (place) => place;
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return (place) => units[Math.min(place, units.length - 1)];
}

// A place goes from start to end; its "at" is where its suggestion would be written.
// What stands before a change stays, what stands behind it moves, and what was changed itself is no place any more.
export function moved(places, before, after) {
  if (before === after) return places;
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const end = before.length - tail;
  const by = after.length - before.length;
  const at = (place) => (place.at >= end ? place.at + by : Math.min(place.at, head));
  return places.flatMap((place) => {
    if (place.end <= head) return [{ ...place, at: at(place) }];
    if (place.start >= end) return [{ ...place, start: place.start + by, end: place.end + by, at: at(place) }];
    return [];
  });
}

// The text as pieces, each with the places that cover it; places may overlap.
export function piecesOf(text, places) {
  const cuts = new Set([0, text.length]);
  for (const { start, end } of places) {
    if (end > start) cuts.add(start).add(end);
  }
  const ends = [...cuts].filter((cut) => cut <= text.length).sort((one, other) => one - other);
  return ends.slice(1).map((end, index) => ({
    start: ends[index],
    text: text.slice(ends[index], end),
    places: places.filter((place) => place.start < end && place.end > ends[index]),
  }));
}
