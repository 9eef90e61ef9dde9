/// The page's own style and script. Both are hashed into its policy, so nothing may be added to
/// them per report.
enum ReportAssets {
  /// Sorting, and the folding of long tables. Without it all rows show, in the order given.
  static let script = #"""
    'use strict';
    for (const table of document.querySelectorAll('table.sortable')) {
      const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
      const fold = Number(table.dataset.fold || 0);
      let open = !fold;
      const show = () => [...body.rows].forEach((row, i) => row.hidden = !open && i >= fold);
      heads.forEach((head, column) => {
        if (!head.textContent.trim()) return;
        const isNumber = head.classList.contains('n');
        const button = document.createElement('button');
        button.type = 'button';
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener('click', () => {
          const up = head.getAttribute('aria-sort') !== 'ascending';
          heads.forEach(other => other.removeAttribute('aria-sort'));
          head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
          const key = row => {
            const cell = row.cells[column];
            return isNumber ? (cell.dataset.v === '' ? NaN : Number(cell.dataset.v)) : cell.textContent;
          };
          const sorted = [...body.rows].map(row => [key(row), row]).sort(([a], [b]) => {
            if (!isNumber) return up ? a.localeCompare(b, 'en') : b.localeCompare(a, 'en');
            if (a !== a || b !== b) return (a !== a) - (b !== b);
            return up ? a - b : b - a;
          });
          body.append(...sorted.map(([, row]) => row));
          show();
        });
      });
      if (fold) {
        const more = document.createElement('button');
        more.type = 'button';
        more.className = 'more';
        const label = () => more.textContent =
          open ? 'Show the first ' + fold : 'Show all ' + body.rows.length + ' rows';
        more.addEventListener('click', () => { open = !open; show(); label(); });
        label();
        table.parentNode.after(more);
        show();
      }
    }
    document.documentElement.dataset.ready = 'yes';
    """#

  /// Two palettes by the reader's preference. The series' colours are Okabe and Ito's, which people
  /// with any kind of colour vision tell apart, darker or lighter where the paper asks for it.
  static let style = """
    :root { color-scheme: light dark; --paper: #fff; --ink: #1a1d21; --soft: #5d6670;
      --faint: #949ca5; --rule: #e1e5e9; --wash: #f6f7f9; --link: #0b5fa5; --loss: #b4450b;
      --gain: #0a6c8f; --c0: #0072b2; --c1: #d55e00; --c2: #00875f; --c3: #b5558a; --c4: #a67c00;
      --c5: #3a94c9; }
    @media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e3e6e9;
      --soft: #a0a9b2; --faint: #747d87; --rule: #2c3238; --wash: #1c2024; --link: #7db8ec;
      --loss: #f0925a; --gain: #62bfe0; --c0: #4aa8e0; --c1: #f08a3c; --c2: #35c296;
      --c3: #dd8fb9; --c4: #e3b53b; --c5: #8fcdf0; } }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
    body { margin: 0 auto; max-width: 1180px; padding: 2.5rem 2rem 3rem; background: var(--paper);
      color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
      "DejaVu Sans", sans-serif; }
    h1 { font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -.015em;
      margin: 0 0 .6rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.2rem; font-weight: 650; margin: 0 0 .8rem; }
    h3 { font-size: 1rem; font-weight: 650; margin: 1.4rem 0 .4rem; }
    p { max-width: 76ch; margin: .4rem 0 .8rem; }
    section { border-top: 1px solid var(--rule); padding-top: 1.4rem; margin-top: 2.4rem; }
    .lead { font-size: 1.05rem; color: var(--soft); }
    .note, figcaption, footer, .soft { color: var(--soft); }
    .note, figcaption { font-size: .87rem; max-width: 84ch; }
    .verdicts { list-style: none; margin: 1rem 0; padding: 0; max-width: 88ch; }
    .verdicts li { margin: .45rem 0; padding-left: 1.5rem; text-indent: -1.5rem; }
    .verdicts .icon { margin-right: .35rem; text-indent: 0; }
    nav { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin-top: 1.2rem; font-size: .93rem; }
    a { color: var(--link); text-decoration: none; }
    a:hover { text-decoration: underline; }
    footer { margin-top: 3rem; font-size: .85rem; }
    code { font: .86em ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace;
      overflow-wrap: anywhere; }
    .scroll { overflow-x: auto; margin: .6rem 0; }
    table { border-collapse: collapse; width: 100%; font-size: .87rem;
      font-variant-numeric: tabular-nums lining-nums; }
    caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    th, td { text-align: left; padding: .32rem .6rem; border-bottom: 1px solid var(--rule);
      vertical-align: baseline; font-weight: 400; }
    tbody th { min-width: 6.5rem; max-width: 22rem; overflow-wrap: break-word; }
    .n { text-align: right; white-space: nowrap; }
    thead th { color: var(--soft); vertical-align: bottom; border-bottom-color: var(--faint);
      line-height: 1.25; white-space: nowrap; }
    thead i { font-style: normal; color: var(--faint); font-size: .92em; }
    thead button { all: unset; cursor: pointer; display: inline-block; }
    thead button:hover { color: var(--ink); }
    thead button:focus-visible, .more:focus-visible, .scroll:focus-visible {
      outline: 2px solid var(--link); outline-offset: 2px; }
    th[aria-sort] button { color: var(--ink); font-weight: 600; }
    th[aria-sort=ascending] button { box-shadow: inset 0 2px 0 -.5px var(--ink); }
    th[aria-sort=descending] button { box-shadow: inset 0 -2px 0 -.5px var(--ink); }
    tbody tr:hover > * { background: var(--wash); }
    .builds tbody th { overflow-wrap: anywhere; }
    .builds td:last-child { min-width: 8.5rem; overflow-wrap: anywhere; }
    .builds th, .builds td { padding-left: .4rem; padding-right: .4rem; }
    .sizes tbody th { white-space: nowrap; }
    tr.float > * { color: var(--soft); }
    tr.small > * { color: var(--faint); }
    tr.small .bar { opacity: .45; }
    .sure { font-weight: 700; }
    .loss { color: var(--loss); }
    .gain { color: var(--gain); }
    .kind { font-size: .92em; color: var(--soft); }
    .long { overflow-wrap: anywhere; }
    .layers tbody th { min-width: 0; }
    .layers td:nth-child(2) { min-width: 9rem; max-width: 22rem; }
    .layers td:nth-child(4), .range { white-space: nowrap; }
    .layers th, .layers td { padding-left: .45rem; padding-right: .45rem; vertical-align: middle; }
    .tag { font-size: .85em; border: 1px solid var(--rule); border-radius: 3px; padding: 0 .3em;
      color: var(--soft); white-space: nowrap; }
    .more { font: inherit; font-size: .87rem; color: var(--link); background: none;
      border: 1px solid var(--rule); border-radius: 4px; padding: .25rem .7rem; cursor: pointer; }
    details { margin: 1rem 0; }
    summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
    summary .soft { font-weight: 400; font-size: .9rem; margin-left: .4rem; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr));
      gap: 1.2rem 2rem; margin-top: 1.2rem; }
    figure { margin: 0; max-width: 560px; }
    figure.wide { max-width: none; margin: .6rem 0 1.2rem; }
    .chart { display: block; width: 100%; height: auto; font-size: 12px; overflow: visible; }
    .chart text { fill: var(--soft); font-variant-numeric: tabular-nums; }
    .chart .label { fill: var(--ink); paint-order: stroke; stroke: var(--paper);
      stroke-width: 4px; stroke-linejoin: round; }
    .chart .label.soft { fill: var(--soft); }
    .end { text-anchor: end; }
    .mid { text-anchor: middle; }
    .grid { stroke: var(--rule); }
    .axis, .mark { stroke: var(--faint); }
    .curve, .front, .float { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
    .front { stroke: var(--faint); stroke-width: 1.2; }
    .float { stroke: var(--faint); stroke-width: 1.3; }
    .dashed { stroke-dasharray: 5 4; }
    .hollow { fill: var(--paper); stroke: var(--soft); stroke-width: 1.6; }
    .dot { fill: var(--faint); opacity: .8; }
    .f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); }
    .f3 { fill: var(--c3); } .f4 { fill: var(--c4); } .f5 { fill: var(--c5); }
    .s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); }
    .s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); }
    .icon { width: .8em; height: .8em; vertical-align: -.06em; overflow: visible; }
    .spark { width: 96px; height: 24px; display: block; }
    .hist { fill: var(--faint); }
    .spark .end { stroke: var(--loss); }
    .bar { width: 80px; height: 12px; display: block; }
    rect.loss { fill: var(--loss); }
    rect.gain { fill: var(--gain); }
    .frames { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; gap: .9rem;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 15.5rem), 1fr)); }
    .card { border: 1px solid var(--rule); border-radius: 6px; padding: .7rem; font-size: .84rem;
      line-height: 1.35; overflow: hidden; break-inside: avoid; }
    .card.modal { border-color: var(--loss); box-shadow: inset 3px 0 0 var(--loss); }
    .photo { height: 112px; display: flex; align-items: center; justify-content: center;
      background: var(--wash); border-radius: 3px; color: var(--faint); }
    .photo img { display: block; max-width: 100%; }
    .file { margin: .45rem 0; color: var(--soft); white-space: nowrap; overflow: hidden;
      text-overflow: ellipsis; }
    .card dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem .6rem; margin: 0; }
    .card dt { color: var(--soft); }
    .key { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; list-style: none; padding: 0;
      margin: .6rem 0; font-size: .87rem; color: var(--soft); }
    .card dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
    .tally { margin: .45rem 0 0; color: var(--soft); }
    .facts { margin: .4rem 0 1rem; display: grid; gap: .3rem; }
    .facts div { display: grid; grid-template-columns: minmax(9rem, 14rem) 1fr; gap: .2rem 1rem; }
    .facts dt { color: var(--soft); }
    .facts dd { margin: 0; overflow-wrap: anywhere; }
    @media (max-width: 640px) { body { padding: 1.4rem 1rem 2rem; } h1 { font-size: 1.4rem; }
      .facts div { grid-template-columns: 1fr; } .figures { grid-template-columns: 1fr; }
      figure.wide .chart { min-width: 40rem; } figure.wide { overflow-x: auto; } }
    @media print { :root { --paper: #fff; --ink: #000; --soft: #444; --faint: #888;
      --rule: #ccc; --wash: #fff; --loss: #a33c06; --gain: #075a78; }
      body { max-width: none; padding: 0; font-size: 9.5pt; } nav, .more { display: none; }
      .scroll { overflow: visible; } table { font-size: 7.5pt; } figure, tr { break-inside: avoid; }
      th, td { padding: .15rem .3rem; } h2, h3, summary { break-after: avoid; } }
    """
}
