"""The page that a report is put into."""

from __future__ import annotations

__all__ = ["PAGE"]

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - gansmith</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2330; --dim: #5d6778; --paper: #fbfbfd; --card: #fff; --line: #dfe3ea; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e9ef; --dim: #9aa4b5; --paper: #14171d; --card: #1c2028; --line: #323945; }}
}}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }}
main {{ max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }}
h1 {{ margin: 0; font-size: 26px; }}
h2 {{ font-size: 18px; margin: 0 0 10px; }} h3 {{ font-size: 14px; margin: 16px 0 4px; }}
header p, figcaption, .legend, summary {{ color: var(--dim); font-size: 13px; }}
section {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px; }}
section {{ padding: 16px 18px; margin-top: 16px; }}
.verdict p {{ margin: 4px 0; }} .verdict b {{ display: inline-block; width: 1.4em; }}
.well b {{ color: #2a8c4e; }} .watch b {{ color: #b07d12; }} .sick b {{ color: #c43c4d; }}
.verdict ul, .verdict ol {{ margin: 2px 0 8px; padding-left: 3em; font-size: 14px; }}
.pair, .charts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 18px; }}
.plots {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 12px; margin: 4px 0 8px; }}
.film {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 12px; }}
figure {{ margin: 0; }}
img {{ width: 100%; border-radius: 6px; background: #fff; }} svg {{ width: 100%; height: auto; }}
svg .grid {{ stroke: var(--line); }} svg .marker {{ stroke: var(--dim); stroke-dasharray: 5 4; }}
svg .label {{ fill: var(--dim); font-size: 11px; }}
.legend {{ margin: 2px 0 0; }}
.key {{ margin-right: 14px; white-space: nowrap; }}
.key i {{ display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 5px; }}
table {{ border-collapse: collapse; width: 100%; }} td, th {{ text-align: left; padding: 5px 10px 5px 0; }}
td, th {{ border-bottom: 1px solid var(--line); }} th {{ color: var(--dim); font-weight: 500; font-size: 13px; }}
.bars td {{ border: 0; padding: 2px 10px 2px 0; white-space: nowrap; }} .bars td:nth-child(2) {{ width: 100%; }}
.bar {{ background: #2f6fde; height: 12px; border-radius: 3px; }}
pre {{ background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 10px; overflow-x: auto; }}
pre, code {{ font: 12.5px/1.5 ui-monospace, monospace; }}
@media (max-width: 520px) {{ .pair, .charts {{ grid-template-columns: 1fr; }} }}
</style>
</head>
<body><main>
{body}
</main></body>
</html>
"""
