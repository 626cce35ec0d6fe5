/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stddef.h>

/* What src/page/style.c has not. */
const char *const bench_style[] = {
    "th.name wbr{display:none}",
    "tbody a{color:inherit;text-decoration-color:var(--line);text-underline-offset:.2em}",
    ".win{color:var(--good);font-weight:600}",
    ".lose{color:var(--bad);font-weight:600}",
    ".ok{color:var(--good)}",
    "tr:target>*{background:var(--warn-bg)!important}",
    "tr.wrong>*{background:var(--bad-bg)!important;color:var(--bad);font-weight:700}",

    ".cards{columns:25rem 2;column-gap:1.25rem}",
    ".card h4{margin:0;font-size:.9375rem}",
    ".card h5{margin:.6rem 0 .15rem;font-size:.8125rem;font-weight:400;color:var(--muted)}",

    ".bar{display:grid;grid-template-columns:5em minmax(3rem,1fr) 4.1em 8.9em;",
    "gap:.6em;align-items:center;font-size:.8125rem;line-height:1.55;white-space:nowrap}",
    ".bar span:first-child{overflow:hidden;text-overflow:ellipsis}",
    ".bar b,.bar span:last-child{text-align:right;font-weight:600}",
    ".bar span:last-child{font-weight:400}",
    ".track{display:block;height:.75em;background:var(--track);border-radius:2px;",
    "overflow:hidden}",
    ".track i{display:block;height:100%;background:var(--c);border-radius:2px}",
    ".track.over i{border-right:5px double var(--fg)}",
    ".bar.wrong{color:var(--bad);background:var(--bad-bg);font-weight:700}",
    "td .track{display:inline-block;width:5.5rem;vertical-align:-.05em;margin-left:.6rem}",

    ".stack{display:flex;height:1.6rem;border-radius:4px;overflow:hidden;gap:1px;",
    "background:var(--bg)}",
    ".stack i{min-width:1px;background:var(--c)}",
    ".p0{--c:var(--p0)}.p1{--c:var(--p1)}.p2{--c:var(--p2)}.p3{--c:var(--p3)}",
    ".p4{--c:var(--p4)}.p5{--c:var(--p5)}",

    ".phase h3{margin:1.4rem 0 .4rem;font-weight:400}",

    ".picture svg{display:block;width:100%;height:auto}",
    ".picture .narrow{display:none}",
    ".picture .wide{min-width:50rem}",

    "@media (max-width:40rem){",
    ".picture .wide{display:none}",
    ".picture .narrow{display:block;min-width:345px;max-width:32rem;margin:0 auto}",
    "th.name{white-space:normal;min-width:9.5rem}",
    "th.name wbr{display:inline}",
    ".cards{columns:auto}",
    ".fold{display:block}",
    "td .track{display:block;width:100%;min-width:3.5rem;margin:.15rem 0 .1rem}",
    ".key{display:block;font-size:.875rem}",
    ".key li{display:grid;grid-template-columns:.8rem 1fr 6rem 4rem;max-width:22rem}",
    ".key span{text-align:right}",
    "}",
    "@media print{",
    ".picture .wide{display:block;min-width:0}.picture .narrow{display:none}",
    ".phase{break-inside:avoid}",
    ".track i,.stack i,.p{print-color-adjust:exact;-webkit-print-color-adjust:exact}",
    "}",
    NULL,
};
