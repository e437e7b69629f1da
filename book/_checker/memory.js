// What the build and the worker do alike with Python's memory: both put this file before their own.
"use strict";
// The runtime brings a part of the memory itself, and it travels once: here it is XORed with the runtime's own.
function exchange(memory, own) {
  for (let at = 0; at < own.length; at += 1) memory[at] ^= own[at];
}
// So that a memory which was put together wrongly is noticed before it runs.
function checksum(memory) {
  let sum = 0x811c9dc5;
  for (const word of memory) sum = Math.imul(sum ^ word, 0x01000193);
  return sum >>> 0;
}
