/**
 * How the page looks, in light and in dark.
 *
 * @module
 */

/** The one style sheet. */
export const PAGE_STYLE: string = `
:root { color-scheme: light dark;
  --ground: light-dark(#f5f7fa, #0e1217); --card: light-dark(#ffffff, #171d25); --line: light-dark(#e3e8ef, #2a333f);
  --ink: light-dark(#16202c, #e8edf4); --soft: light-dark(#5b6878, #93a1b3); --accent: light-dark(#2563eb, #6ea8fe);
  --sent: light-dark(#0d8f7f, #34d1ba); --late: light-dark(#d9480f, #ff9f5a); --awaited: light-dark(#2563eb, #6ea8fe);
  --idle: light-dark(#a3afbd, #5c6a7a); --bad: light-dark(#c92a2a, #ff7b7b); --tint: light-dark(#eef3fb, #1d2632); }
* { box-sizing: border-box; } body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }
header, main { max-width: 1320px; margin: 0 auto; padding: 0 24px; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; padding-top: 22px; padding-bottom: 16px; }
h1 { font-size: 1.35rem; margin: 0; letter-spacing: -.01em; } h2 { font-size: .95rem; margin: 0 0 14px; display: flex;
  flex-wrap: wrap; gap: 4px 14px; align-items: baseline; } h3 { font-size: .78rem; font-weight: 550; margin: 0; color: var(--soft); }
.brand { display: flex; align-items: center; gap: 9px; font-weight: 650; color: var(--soft); } .brand svg { width: 22px; height: 22px; }
code { font: .86em ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.soft, .below, small { color: var(--soft); } small { font-size: .62em; font-weight: 500; }
#live { margin-left: auto; display: flex; align-items: center; gap: 7px; font-size: .85rem; color: var(--soft); }
#live::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: var(--idle); }
#live.on::before { background: var(--sent); box-shadow: 0 0 0 3px color-mix(in srgb, var(--sent) 25%, transparent); }
.phase { padding: 3px 11px; border-radius: 99px; font-size: .85rem; font-weight: 600; background: var(--tint); color: var(--accent); }
.phase.abandoned { color: var(--bad); } .phase.published, .phase.forwarded, .phase.done, .phase.finished { color: var(--sent); }
main { display: grid; gap: 16px; padding-bottom: 40px; }
.title { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: baseline; }
.title h1 { overflow-wrap: anywhere; } .title .soft { font-size: .88rem; }
.tiles { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(178px, 1fr)); }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; min-width: 0; }
.tile { padding: 13px 16px 12px; display: grid; gap: 5px; align-content: start; } .tile p { margin: 0; } .tile .value { font-size: 1.65rem; font-weight: 650;
  line-height: 1.2; letter-spacing: -.02em; } .tile .below { font-size: .8rem; } .greek { font-family: Georgia, serif; font-style: italic; font-weight: 500; }
.share { display: block; width: 100%; height: 6px; } .share .all { fill: var(--line); } .share .part { fill: var(--accent); }
.card { padding: 18px 20px; } .card p { margin: 0 0 12px; } h2 .last { margin-left: auto; font-size: 1.05rem; letter-spacing: -.01em; }
.charts { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr)); }
.chart { display: block; width: 100%; height: auto; } .chart text { font-size: 11px; fill: var(--soft); } .rule { stroke: var(--line); }
.line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; } .area { fill: var(--accent); opacity: .1; }
.point { fill: var(--card); stroke: var(--accent); stroke-width: 1.8; } .bar { fill: var(--accent); opacity: .82; } .bar.lost { fill: var(--bad); }
.cross { stroke: var(--bad); stroke-width: 1.8; fill: none; } .point:hover, .bar:hover { opacity: 1; stroke: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-left: auto; font-size: .82rem; font-weight: 450; color: var(--soft); }
.legend i, .dots i, .disc { display: inline-block; border-radius: 50%; background: var(--idle); }
.legend i { width: 9px; height: 9px; margin-right: 6px; } .dots i { width: 10px; height: 10px; }
.sent > i, i.sent, .sent > .disc { background: var(--sent); } .late > i, i.late, .late > .disc { background: var(--late); }
.awaited > i, i.awaited, .awaited > .disc { background: var(--card); box-shadow: inset 0 0 0 2.5px var(--awaited); }
.away > i, i.away, .away > .disc { background: var(--card); box-shadow: inset 0 0 0 2px var(--idle); }
.ready > i, i.ready, .ready > .disc { background: var(--idle); } .abstained > i, i.abstained { background: var(--line); box-shadow: inset 0 0 0 1px var(--idle); }
.tree ul { list-style: none; margin: 0; padding: 0 0 0 9px; } .node { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; margin: 0; padding: 7px 0; }
.tree .top { padding-top: 0; margin: 0; } .disc { width: 13px; height: 13px; flex: none; } .top .disc { width: 19px; height: 19px; background: var(--accent); }
.tree li { position: relative; padding-left: 30px; } .tree li::before { content: ""; position: absolute; left: 0; top: -9px; width: 21px; height: 28px;
  border-left: 2px solid var(--line); border-bottom: 2px solid var(--line); border-bottom-left-radius: 10px; }
.tree li:not(:last-child)::after { content: ""; position: absolute; left: 0; top: 10px; bottom: -2px; border-left: 2px solid var(--line); }
.node b { flex: 0 0 12em; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; } .size { flex: 1 1 80px; min-width: 60px; } .count { min-width: 6.8em; text-align: right; font-size: .88rem; } .top b, .clients b { flex: none; }
.pill { min-width: 7.6em; text-align: center; padding: 2px 10px; border-radius: 99px; font-size: .82rem; font-weight: 600; background: var(--tint); color: var(--soft); margin-left: auto; }
.pill.sent { color: var(--sent); } .pill.awaited { color: var(--awaited); }
.pill.late { color: light-dark(#fff, #1d1206); background: var(--late); } .dots { display: flex; flex-wrap: wrap; gap: 5px; flex: 1 1 260px; align-items: center; }
.note { font-size: .82rem; margin: 12px 0 0 !important; } .verdict { display: flex; gap: 12px; } .verdict p { margin: 0 0 12px; } .mark { flex: none; width: 24px; height: 24px; border-radius: 50%; text-align: center;
  font-weight: 700; color: var(--card); background: var(--sent); } .bad .mark { background: var(--bad); } .verdict.bad { color: var(--bad); }
.scroll { overflow-x: auto; } table { width: 100%; border-collapse: collapse; font-size: .88rem; } th, td { text-align: left; padding: 6px 14px 6px 0; border-top: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 550; border-top: 0; font-size: .8rem; } td:nth-child(2) { width: 100%; } .event { font-weight: 600; } tr.abandoned .event { color: var(--bad); } tr.published .event, tr.forwarded .event { color: var(--sent); }
.chart { max-height: 205px; }
@media (min-width: 1000px) { .charts.n5 { grid-template-columns: repeat(6, 1fr); } .n5 > * { grid-column: span 2; }
  .n5 > :nth-last-child(-n+2) { grid-column: span 3; } .charts.n3, .charts.n6 { grid-template-columns: repeat(3, 1fr); } }
@media (max-width: 640px) { header, main { padding-left: 14px; padding-right: 14px; } .tiles { grid-template-columns: 1fr 1fr; gap: 10px; } .card { padding: 15px 14px; }
  .tile { padding: 11px 12px; } .tile .value { font-size: 1.35rem; } .legend { margin-left: 0; } .node { gap: 4px 8px; } li.node:not(.clients) { flex-wrap: nowrap; } .node b { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; font-size: .9rem; } .top b, .clients b { flex: none; } .count { white-space: nowrap; } .count { min-width: 0; font-size: .8rem; } .size { display: none; } .pill { min-width: 0; font-size: .78rem; padding: 2px 8px; } }
`;
