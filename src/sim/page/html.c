// SPDX-License-Identifier: Apache-2.0
//
// The page. No script and nothing from elsewhere: it can be mailed, archived and opened from a disk.
#include <inttypes.h>
#include <string.h>

#include "base/when.h"
#include "sim/page/html_inside.h"

// Classes of work in the colours of Okabe and Ito, which people with any colour vision can tell apart.
// clang-format off
static const char style[] =
    ":root{color-scheme:light dark;--bg:#fdfdfb;--fg:#1d2226;--dim:#5b656d;--line:#dcdfd9;--card:#fff;--good:#00704f;--bad:#b3400a;\n"
    "--warm:#c8102e;--cold:#0b6fb8;--set:#6d4a8f;--band:#6d4a8f2b;--extra:#d55e00;--useful:#009e73;--shade:#0006}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#14181b;--fg:#e6e8e6;--dim:#9aa4ab;--line:#343c42;--card:#1b2125;--good:#3ccf9f;\n"
    "--bad:#ff8a4c;--warm:#ff6b6b;--cold:#5ab4f0;--set:#c39ae0;--band:#c39ae033;--shade:#fff5}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:1000px;margin:0 auto;padding:24px 16px 64px}\n"
    "h1{font-size:1.6rem;line-height:1.2;margin:0 0 4px}\n"
    "h2{font-size:1.25rem;margin:44px 0 8px;border-top:1px solid var(--line);padding-top:22px}\n"
    "h3{font-size:1.05rem;margin:28px 0 2px}\n"
    "p{margin:6px 0}\n"
    ".sub,.note{color:var(--dim);overflow-wrap:anywhere}\n"
    ".note{font-size:.9rem;max-width:46rem}\n"
    "figure{margin:18px 0 30px}\n"
    "figcaption{font-weight:600}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(210px,42vw),1fr));gap:10px;margin:20px 0}\n"
    ".tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}\n"
    ".tile b{display:block;font-size:1.5rem;line-height:1.25}\n"
    ".tile span{color:var(--dim);font-size:.85rem;display:block;line-height:1.3}\n"
    "svg{width:100%;height:auto;display:block}\n"
    "svg text{font:12px system-ui,sans-serif;fill:var(--dim)}\n"
    "svg text.strong{fill:var(--fg)}\n"
    "svg text.unit{font-weight:600}\n"
    "svg.narrow{display:none}\n"
    "@media(max-width:640px){svg.wide{display:none}svg.narrow{display:block}}\n"
    ".grid{stroke:var(--line);stroke-width:1;fill:none}\n"
    ".line{fill:none;stroke-width:1.6;stroke-linejoin:round}\n"
    ".line.t,.line.ours{stroke:var(--warm)}\n"
    ".line.out,.line.ideal{stroke:var(--cold)}\n"
    ".line.set{stroke:var(--set)}\n"
    ".line.asked{stroke:var(--fg);stroke-dasharray:5 3}\n"
    ".line.rule{stroke:var(--fg);stroke-dasharray:5 3;stroke-width:1.2}\n"
    ".area.t{fill:var(--warm);opacity:.22}\n"
    ".area.out{fill:var(--cold);opacity:.22}\n"
    ".area.band{fill:var(--band)}\n"
    "rect.asked{fill:none;stroke:var(--fg);stroke-width:1.2;stroke-dasharray:3 2}\n"
    ".useful{fill:var(--useful)}\n"
    ".extra{fill:var(--extra)}\n"
    ".ribbon{opacity:.45}\n"
    ".c0{fill:#0072b2}.c1{fill:#56b4e9}.c2{fill:#009e73}.c3{fill:#9bc53d}.c4{fill:#e69f00}.c5{fill:#d55e00}\n"
    ".c6{fill:#8d949a}.c7{fill:#c3c8cb}.c8{fill:#cc79a7}.c9{fill:#6b6257}.c10{fill:#f0c808}\n"
    ".key{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.85rem;color:var(--dim);margin:2px 0 4px}\n"
    ".key i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:5px;vertical-align:-1px}\n"
    ".key i.l{height:0;border-top:2.5px solid;border-radius:0;vertical-align:4px;width:18px}\n"
    ".key i.d{border-top-style:dashed}\n"
    ".key svg{display:inline;width:12px;height:12px;vertical-align:-1px;margin-right:5px}\n"
    ".hint{display:none;color:var(--dim);font-size:.85rem}\n"
    ".scroll{overflow-x:auto;"
    "background:linear-gradient(90deg,var(--bg) 30%,transparent) 0 0/40px 100% no-repeat local,\n"
    "linear-gradient(270deg,var(--bg) 30%,transparent) 100% 0/40px 100% no-repeat local,\n"
    "linear-gradient(90deg,var(--shade),transparent) 0 0/16px 100% no-repeat,\n"
    "linear-gradient(270deg,var(--shade),transparent) 100% 0/16px 100% no-repeat}\n"
    "@media(max-width:640px){.hint{display:block}\n"
    "th:first-child,td:first-child{position:sticky;left:0;background:var(--bg)}}\n"
    "dt{font-weight:600}\n"
    "dd{margin:0 0 6px}\n"
    "table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;width:100%}\n"
    "th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\n"
    "th{font-weight:600;color:var(--dim);vertical-align:bottom}\n"
    "th.wrap{white-space:normal;min-width:4.2rem}\n"
    "td.wrap{white-space:normal;min-width:5rem;text-align:left}\n"
    "th:first-child,td:first-child{text-align:left}\n"
    ".good{color:var(--good)}\n"
    ".bad{color:var(--bad)}\n"
    ".dot{fill:var(--fg)}\n"
    ".range{stroke:var(--fg);stroke-width:2.5;stroke-linecap:round}\n"
    ".dot.better,.range.better{fill:var(--good);stroke:var(--good)}\n"
    ".dot.worse,.range.worse{fill:var(--bad);stroke:var(--bad)}\n"
    "ul{padding-left:20px}\n"
    "code{font-size:.9em}\n";
// clang-format on

void page_html_text(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '<')
            buf_puts(out, "&lt;");
        else if (*s == '&')
            buf_puts(out, "&amp;");
        else if (*s == '"')
            buf_puts(out, "&quot;");
        else
            buf_putc(out, *s);
    }
}

static void head(struct buf *out, const struct sim_result *r)
{
    char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];
    date_format(from, r->start);
    date_format(to, house_add(r->start, r->length_ms));
    buf_puts(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                  "'unsafe-inline'\">\n<title>");
    page_html_text(out, r->scenario);
    buf_puts(out, ": simulated</title>\n<style>\n");
    buf_puts(out, style);
    buf_puts(out, "</style></head><body><main>\n<h1>");
    page_html_text(out, r->scenario);
    buf_putf(out,
             ": %.4g days of heat and work</h1>\n<p class=\"sub\">%.10s to %.10s &middot; %zu zones on %zu "
             "%s &middot; policy ",
             (double)r->length_ms / 86400000.0, from, to, r->n_zones, r->n_sites,
             r->n_sites == 1 ? "site" : "sites");
    page_html_text(out, r->policy);
    buf_putf(out, " &middot; seed %" PRIu64 " &middot; trace <code>0x%016" PRIx64 "</code></p>\n", r->seed,
             r->trace_hash);
}

void page_html(struct buf *out, const struct sim_result *r, const struct comparison *c)
{
    head(out, r);
    html_tiles(out, r);
    if (c)
        html_comparison(out, c);
    if (r->series.n > 1) {
        buf_puts(out, "<h2>What the zones felt</h2>\n");
        html_temperatures(out, r);
        html_rooms(out, r);
    }
    html_groups(out, r);
    buf_puts(out, "<h2>Where the energy went</h2>\n");
    if (r->series.n > 1) {
        html_power(out, r);
        html_heat(out, r);
    }
    html_flow(out, r);
    html_classes(out, r);
    html_savings(out, r);
    html_method(out, r);
    html_words(out, r);
    buf_puts(out, "</main></body></html>\n");
}
