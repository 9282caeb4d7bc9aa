// The look of the report: system fonts, restrained colours, light and dark, paper too.
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --line: #e2e5ea; --soft: #eef0f3;
  --text: #161a20; --quiet: #5d6673; --faint: #8a93a0;
  --ok: #17774a; --ok-soft: #e2f3ea; --ng: #bf2c34; --ng-soft: #fbe7e7;
  --good: #6f9fc8; --defective: #d9534f; --unknown: #98a2b0; --ink: #2b6cb0;
  --shadow: 0 1px 2px rgb(20 28 40 / .05), 0 4px 16px rgb(20 28 40 / .05);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101318; --card: #181c23; --line: #2a303a; --soft: #212730;
    --text: #e8ebf0; --quiet: #a3adba; --faint: #77818f;
    --ok: #58c48d; --ok-soft: #16352a; --ng: #ff7b7b; --ng-soft: #43201f;
    --good: #6a9fd0; --defective: #ee6d67; --unknown: #7f8a99; --ink: #7fb5ea;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  -webkit-font-smoothing: antialiased;
}
main { max-width: 1200px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { font-size: 27px; line-height: 1.2; letter-spacing: -.02em; margin: 0; font-weight: 680; overflow-wrap: anywhere; }
h2 { font-size: 17px; letter-spacing: -.01em; margin: 40px 0 14px; font-weight: 650; }
h3 { font-size: 14px; margin: 0 0 12px; font-weight: 620; }
p { margin: 0; }
.quiet { color: var(--quiet); }
.mono { font-variant-numeric: tabular-nums; }
header { display: flex; gap: 16px; align-items: center; }
.mark { width: 44px; height: 44px; flex: none; }
.mark .ring { fill: none; stroke: var(--text); stroke-width: 3; }
.mark .tick-mark { fill: none; stroke: var(--text); stroke-width: 3.4; stroke-linecap: round; stroke-linejoin: round; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.pad { padding: 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(148px, 1fr)); gap: 12px; margin: 26px 0 0; }
.tiles + .tiles { margin-top: 12px; }
.tile { padding: 15px 18px 14px; }
.tile dt { color: var(--quiet); font-size: 13px; }
.tile dd { margin: 3px 0 0; font-size: 27px; line-height: 1.2; font-weight: 640; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tile dd small { display: block; font-size: 12.5px; font-weight: 400; letter-spacing: 0; color: var(--faint); margin-top: 3px; line-height: 1.35; }
.tile.ok dd { color: var(--ok); } .tile.ng dd { color: var(--ng); }
.two { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 3fr); gap: 16px; }
.two.even { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.chart { display: block; width: 100%; height: auto; }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.chart .tick { fill: var(--faint); font-size: 11.5px; font-family: inherit; }
.chart .cut { stroke: var(--text); stroke-width: 1.6; stroke-dasharray: 5 3; }
.chart .cut-label { fill: var(--text); font-size: 12px; font-weight: 600; }
.good { fill: var(--good); } .defective { fill: var(--defective); } .unknown { fill: var(--unknown); }
.chart .dot { stroke: var(--card); stroke-width: 1; }
.chart .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.key-train { fill: var(--unknown); } .key-validation { fill: var(--ink); }
.line.train { stroke: var(--unknown); } .line.validation { stroke: var(--ink); }
.chart .best { fill: var(--card); stroke: var(--ink); stroke-width: 2.4; }
.line.mean { stroke: var(--text); stroke-width: 3; }
.chart .line.faint { stroke: var(--line); stroke-width: 1.2; }
.chart .name-label { fill: var(--quiet); font-size: 12px; }
.chart .strong { fill: var(--text); font-size: 12px; font-weight: 600; }
.chart .cell { fill: var(--ink); }
.chart .cell-frame { fill: none; stroke: var(--line); stroke-width: 1; }
.chart .on-light { fill: var(--text); font-size: 12px; }
.chart .on-dark { fill: var(--card); font-size: 12px; font-weight: 600; }
.key { display: flex; flex-wrap: wrap; gap: 6px 18px; font-size: 13px; color: var(--quiet); margin-top: 10px; }
.chips + .key { margin: 0 0 16px; }
.key span { display: inline-flex; align-items: center; gap: 7px; }
.key svg { width: 11px; height: 11px; }
.key .wide svg { width: 90px; height: 10px; border-radius: 3px; }
.big { font-size: 32px; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; line-height: 1.2; margin-bottom: 10px; }
.words { font-size: 14.5px; }
.words + .words { margin-top: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 550; color: var(--quiet); font-size: 13px; }
th, td { padding: 7px 10px; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
thead th, .bare tr:first-child > * { border-top: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.confusion { margin-top: 18px; table-layout: fixed; }
.confusion td { text-align: center; font-size: 19px; font-weight: 620; border-radius: 0; font-variant-numeric: tabular-nums; }
.confusion thead th { text-align: center; }
.confusion .right { background: var(--ok-soft); color: var(--ok); }
.confusion .wrong { background: var(--ng-soft); color: var(--ng); }
.confusion .none { color: var(--faint); background: var(--soft); }
.filter { position: absolute; opacity: 0; pointer-events: none; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 16px; }
.chips label { padding: 5px 14px; border-radius: 99px; border: 1px solid var(--line); background: var(--card); font-size: 13.5px; cursor: pointer; color: var(--quiet); }
#show-all:checked ~ .chips [for=show-all], #show-ng:checked ~ .chips [for=show-ng],
#show-ok:checked ~ .chips [for=show-ok], #show-wrong:checked ~ .chips [for=show-wrong] { background: var(--text); color: var(--page); border-color: var(--text); }
.filter:focus-visible ~ .chips { outline: 2px solid var(--ink); outline-offset: 4px; border-radius: 12px; }
#show-ng:checked ~ .results > :not(.is-ng), #show-ok:checked ~ .results > :not(.is-ok),
#show-wrong:checked ~ .results > :not(.is-wrong) { display: none; }
.results { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); gap: 16px; }
.result { overflow: hidden; display: flex; flex-direction: column; }
.result > .top { display: flex; align-items: center; gap: 10px; padding: 12px 16px; }
.name { font-weight: 560; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: 1; min-width: 0; }
.pill { font-size: 12.5px; font-weight: 680; border-radius: 6px; padding: 2px 9px; letter-spacing: .02em; flex: none; }
.pill.ok { background: var(--ok-soft); color: var(--ok); } .pill.ng { background: var(--ng-soft); color: var(--ng); }
.tag { font-size: 12.5px; color: var(--quiet); border: 1px solid var(--line); border-radius: 6px; padding: 1px 8px; max-width: 45%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tag.wrong { color: var(--ng); border-color: currentColor; font-weight: 600; }
.shots { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 2px; background: var(--line); border-block: 1px solid var(--line); cursor: zoom-in; }
figure { margin: 0; position: relative; background: var(--soft); display: flex; align-items: center; }
figure img { display: block; width: 100%; height: auto; }
figcaption { position: absolute; left: 8px; bottom: 8px; font-size: 11.5px; line-height: 1; padding: 4px 7px; border-radius: 5px; color: #fff; background: rgb(12 16 22 / .62); }
.zoom { position: absolute; opacity: 0; pointer-events: none; }
.result:has(.zoom:checked) { grid-column: 1 / -1; }
.zoom:checked + .shots { cursor: zoom-out; }
.zoom:focus-visible + .shots { outline: 3px solid var(--ink); outline-offset: -3px; }
.bottom { padding: 12px 16px 14px; }
.bar { display: block; width: 100%; height: 12px; }
.bar .track { fill: var(--soft); } .bar .ok { fill: var(--ok); } .bar .ng { fill: var(--ng); } .bar .mark-line { fill: var(--text); }
.under { display: flex; justify-content: space-between; gap: 12px; font-size: 13px; color: var(--quiet); margin-top: 6px; }
.under b { color: var(--text); font-weight: 620; }
.places { margin: 8px 0 0; padding: 0; list-style: none; font-size: 13px; color: var(--quiet); }
details { margin-top: 16px; }
summary { cursor: pointer; font-weight: 560; padding: 14px 20px; }
details > .inner { padding: 0 20px 16px; overflow-x: auto; }
footer { margin-top: 44px; color: var(--faint); font-size: 13px; border-top: 1px solid var(--line); padding-top: 16px; }
@media (max-width: 760px) {
  main { padding: 22px 14px 44px; }
  .two { grid-template-columns: minmax(0, 1fr); }
  h1 { font-size: 22px; }
  .chart .tick { font-size: 18px; } .chart .cut-label { font-size: 19px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tile { padding: 12px 14px; } .tile dd { font-size: 22px; }
}
@media print {
  :root {
    color-scheme: light; --page: #fff; --card: #fff; --line: #d5d9df; --soft: #f0f1f3; --text: #111; --quiet: #444; --faint: #666;
    --ok: #17774a; --ok-soft: #e2f3ea; --ng: #bf2c34; --ng-soft: #fbe7e7; --good: #6f9fc8; --defective: #d9534f; --unknown: #98a2b0; --ink: #2b6cb0; --shadow: none;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .card, .result, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .chips, .key .screen { display: none; }
  .results { grid-template-columns: 1fr 1fr; }
}
`;
