"use strict";
const box = document.getElementById("code");
const image = document.getElementById("code-image");
const hex = document.getElementById("code-hex");
const left = document.getElementById("seconds-left");
const rides = document.getElementById("rides");
let end = performance.now() + 1000 * Number(box ? box.dataset.seconds : 0);
let isLoading = false;

async function nextCode() {
    if (isLoading) return;
    isLoading = true;
    try {
        const answer = await fetch(box.dataset.codeAddress, { cache: "no-store" });
        if (!answer.ok) { location.reload(); return; }
        const code = await answer.json();
        image.src = code.image;
        hex.textContent = code.hex;
        end = performance.now() + 1000 * code.seconds;
    } catch (error) {
        /* No network just now: the next second tries again. */
    } finally {
        isLoading = false;
    }
}

async function showRides() {
    try {
        const answer = await fetch(rides.dataset.address, { cache: "no-store" });
        if (answer.ok) rides.innerHTML = await answer.text();
    } catch (error) {
        /* The next turn tries again. */
    }
}

function tick() {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    left.textContent = String(Math.max(seconds, 0));
    image.classList.toggle("stale", seconds <= 0);
    if (seconds <= Number(box.dataset.spare)) nextCode();
}

if (box) {
    setInterval(tick, 1000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
    tick();
}
if (rides) setInterval(showRides, 3000);
