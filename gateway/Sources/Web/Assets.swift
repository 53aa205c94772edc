import Hummingbird

/// The style sheet and the one script. The pages work without the script.
package enum Assets {
    package static func add(to router: Router<GatewayContext>) {
        router.get("style.css") { _, _ in asset("text/css;charset=utf-8", style) }
        router.get("card.js") { _, _ in asset("text/javascript;charset=utf-8", script) }
    }

    private static func asset(_ type: String, _ text: String) -> Response {
        var response = Response(type: type, text)
        response.headers[.cacheControl] = "no-cache"
        return response
    }

    private static let style = """
        :root { --ink: #16202b; --soft: #52606f; --line: #d5dce4; --back: #f2f5f8; --card: #fff; --main: #0b5cad;
                --good: #146c2e; --bad: #a61b1b; color-scheme: light; }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--ink);
               font: 16px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
        main { margin: 0 auto; padding: 1rem; }
        .rider main { max-width: 30rem; }
        .console main { max-width: 76rem; }
        h1 { font-size: 1.4rem; margin: .5rem 0; }
        h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
        a { color: var(--main); }
        :focus-visible { outline: 3px solid #ffb000; outline-offset: 2px; }
        .panel { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem;
                 margin: 1rem 0; }
        .panel > :first-child { margin-top: 0; } .panel > :last-child { margin-bottom: 0; }
        [role=status].panel { position: sticky; top: 0; border-color: var(--main); z-index: 1; }
        .button, button { display: inline-block; min-height: 2.75rem; padding: .6rem 1.1rem; border-radius: .5rem;
                 border: 1px solid var(--main); background: var(--main); color: #fff; font: inherit;
                 text-decoration: none; cursor: pointer; }
        button.plain, .button.plain { background: #fff; color: var(--main); }
        button.danger { background: #fff; border-color: var(--bad); color: var(--bad); }
        .choices { display: flex; gap: .75rem; flex-wrap: wrap; }
        .choices button { flex: 1; }
        .choices .keep { flex: 2; text-align: center; } .choices .danger { flex: none; }
        .code { text-align: center; }
        .code img { width: 100%; max-width: 22rem; height: auto; aspect-ratio: 1; background: #fff; }
        .code img.stale { visibility: hidden; }
        .countdown { font-size: 1.1rem; font-variant-numeric: tabular-nums; }
        .soft { color: var(--soft); }
        .good { color: var(--good); } .bad { color: var(--bad); }
        ul.rides { list-style: none; padding: 0; margin: 0; }
        ul.rides li { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 0;
                 border-top: 1px solid var(--line); }
        ul.rides li span:first-child { min-width: 0; overflow-wrap: anywhere; }
        ul.rides li:first-child { border-top: 0; }
        .amount { white-space: nowrap; font-variant-numeric: tabular-nums; font-weight: 600; }
        dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: 0; }
        dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        details summary { cursor: pointer; color: var(--main); }
        code, .mono { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .85em;
                 overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .9rem; }
        th, td { text-align: left; padding: .35rem .6rem; border-top: 1px solid var(--line); vertical-align: top; }
        th { color: var(--soft); font-weight: 600; white-space: nowrap; }
        td.reason { overflow-wrap: anywhere; min-width: 20rem; }
        td.time { white-space: nowrap; }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        form.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .5rem 0; }
        form.row label { max-width: 100%; }
        form.fault { align-items: center; }
        form.inline { display: inline; }
        label { display: block; font-size: .9rem; color: var(--soft); margin-bottom: .25rem; }
        input[type=password] { width: 100%; }
        input, select, textarea { font: inherit; padding: .5rem; border: 1px solid #8795a5; border-radius: .4rem;
                 background: #fff; color: var(--ink); max-width: 100%; }
        td button { min-height: 2rem; padding: .2rem .6rem; font-size: .9rem; }
        svg.plot { width: 100%; height: auto; background: var(--card); border: 1px solid var(--line);
                 border-radius: .5rem; }
        svg.plot rect { fill: var(--main); } svg.plot text { fill: var(--soft); font-size: 11px; }
        nav { display: flex; flex-wrap: wrap; gap: 1rem; }
        header.bar { display: flex; justify-content: space-between; align-items: center; gap: 1rem; }
        """

    /// Counts down, fetches the next code in time, and keeps the rides up to date. Times are counted from when an
    /// answer came, so that a phone's wrong clock does no harm.
    private static let script = """
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
        """
}
