/** How pages look, by day and by night, wide and narrow. */

/** The colours of every page that nanoc writes. */
export const colors = `:root{color-scheme:light dark;--paper:light-dark(#faf8f4,#15161a);--card:light-dark(#fff,#1e2026);--ink:light-dark(#24211c,#e8e5de);--quiet:light-dark(#756f64,#9a958b);--line:light-dark(#e2ddd2,#33363e);--accent:light-dark(#b3401f,#ff9166);--wash:light-dark(#b3401f14,#ff916622);font:15px/1.5 ui-sans-serif,system-ui,"Segoe UI",sans-serif}`;

export const style = `${colors}
*{box-sizing:border-box}body{margin:0;padding:clamp(.8rem,2.5vw,2rem);background:var(--paper);color:var(--ink)}
h1{margin:0;font-size:1.5rem;letter-spacing:-.01em}h2{margin:0;font-size:.95rem}
dl{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:.6rem 0 1.4rem}dt{color:var(--quiet);font-size:.78rem}dd{margin:0;font-variant-numeric:tabular-nums}
main{display:grid;grid-template-columns:minmax(0,1.15fr) minmax(0,1fr);gap:1.4rem;align-items:start}
aside{position:sticky;top:1rem;display:grid;grid-template-columns:minmax(0,1fr);gap:1.2rem;max-height:calc(100dvh - 2rem);overflow:auto}
.bar{display:flex;align-items:center;gap:.5rem;margin-bottom:.6rem}.bar h2{flex:1}
button{padding:.2rem .7rem;border:1px solid var(--line);border-radius:99px;background:none;color:inherit;font:inherit;font-size:.8rem;cursor:pointer}
details{border:1px solid var(--line);border-radius:10px;background:var(--card);margin:.45rem 0}
summary{display:flex;flex-wrap:wrap;gap:.15rem .7rem;align-items:baseline;padding:.4rem .75rem;cursor:pointer;list-style:none}
summary::before{content:"▸";color:var(--accent);width:.8em}details[open]>summary::before{content:"▾"}
summary .name{font-weight:600;overflow-wrap:anywhere}summary.lit{background:var(--wash);border-radius:9px}.times{color:var(--accent)}.count{color:var(--quiet);font-size:.8rem}
.type{order:2;margin-left:auto;color:var(--quiet);font:.8rem ui-monospace,monospace}
.inside{padding:0 .75rem .5rem 1.1rem;border-left:2px solid var(--line);margin-left:.75rem}
.op{display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:baseline;padding:.22rem .5rem;border-radius:7px;position:relative}
.op+.op::before,.op+details::before,details+.op::before{content:"";position:absolute;left:.9rem;top:-.2rem;height:.25rem;border-left:2px solid var(--line)}
.op .name{font:600 .85rem ui-monospace,monospace}.op.heavy .name{color:var(--accent)}.id{min-width:2.6em;color:var(--quiet);font:.74rem ui-monospace,monospace}
.detail{color:var(--quiet);font-size:.78rem;overflow-wrap:anywhere}
.inputs{order:1;display:flex;flex-wrap:wrap;gap:.3rem;font:.74rem ui-monospace,monospace;color:var(--quiet)}
.inputs span{padding:0 .4rem;border:1px solid var(--line);border-radius:5px;overflow-wrap:anywhere}
.op:hover,.op:focus,.op.lit,.spec li:hover,.spec li:focus,.spec li.lit{background:var(--wash);outline:none}.op:focus,.spec li:focus{box-shadow:inset 0 0 0 2px var(--accent)}
.inputs span.lit{border-color:var(--accent);color:var(--accent)}
.spec{margin:.4rem 0 0;border:1px solid var(--line);border-radius:10px;background:var(--card);font:.78rem/1.55 ui-monospace,monospace;max-height:52dvh;overflow-y:auto;position:relative}
.spec h3{position:sticky;top:0;z-index:1;margin:0;padding:.35rem .9rem;background:var(--card);border-bottom:1px solid var(--line);font:600 .8rem ui-monospace,monospace}.spec ol{margin:0;padding:.35rem 0 .7rem}
.spec li{margin-left:3.2em;padding:0 .5em 0 3em;text-indent:-2.5em;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px}.spec li::marker{color:var(--quiet)}
table{width:100%;border-spacing:0;font-size:.8rem}th{text-align:left;font-weight:400;overflow-wrap:anywhere}td{padding:.1rem .4rem;text-align:right;font-variant-numeric:tabular-nums}td:last-child{width:34%;text-align:left}aside details{margin:.3rem 0}aside summary .name,.idle .name{font-size:.85rem}
i{display:block;height:.55rem;min-width:1px;border-radius:3px;background:var(--accent)}
aside details p,aside details ul{margin:.2rem .8rem .6rem;padding-left:1rem;font-size:.8rem;color:var(--quiet);overflow-wrap:anywhere}aside details p{padding:0}
.deltas{flex-basis:100%;display:flex;flex-wrap:wrap;gap:.1rem .8rem;padding-left:1.6em;color:var(--quiet);font:.74rem ui-monospace,monospace}
.idle{display:flex;gap:.7rem;align-items:baseline;margin:.3rem 0;padding:.15rem .75rem .15rem 2.3rem;color:var(--quiet)}
aside .kinds{width:auto;margin:0 .8rem .4rem 1.8rem;font-family:ui-monospace,monospace}aside .kinds td{width:auto;text-align:right}
@media(max-width:56rem){main{grid-template-columns:minmax(0,1fr)}aside{position:static;max-height:none}.type{margin-left:0}}
`;
