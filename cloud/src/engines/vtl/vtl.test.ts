import { describe, expect, it } from "vitest";
import { renderTemplate, VtlError, type HostObject } from "./vtl.ts";

const input: HostObject = {
  vtl: true,
  call: (method, given) => (method === "echo" ? given.join("-") : undefined),
  get: (name) => (name === "body" ? "the body" : undefined),
};

const VARIABLES = {
  name: "Aoi",
  n: 7,
  list: ["a", "b", "c"],
  order: {
    id: 1,
    items: [
      { sku: "x", n: 2 },
      { sku: "y", n: 3 },
    ],
    "odd-key": "odd",
    none: null,
  },
  input,
};

describe("VTL", () => {
  it.each([
    ["plain", "plain text, 5$ and # and $.5 and a.b", "plain text, 5$ and # and $.5 and a.b"],
    [
      "references",
      "$name ${name}x $!name $!{name} $order.id $order['odd-key'] ${order.items[1].sku}",
      "Aoi Aoix Aoi Aoi 1 odd y",
    ],
    ["a dot behind a reference", "$name. $name.", "Aoi. Aoi."],
    ["undefined references", "[$nothing][$!nothing][$order.none][$order.missing.deep][$input.nope()]", "[][][][][]"],
    ["escapes", "\\$name \\#set", "$name #set"],
    ["host objects", "$input.echo('a', $n) $input.body", "a-7 the body"],
    ["comments", "a## no\nb#* no\nno *#c", "ab" + "c"],
    ["unparsed text", "#[[ $name #set ]]#", " $name #set "],
    ["set", "#set($x = 5)$x #set( $y = $x + 2 )$y", "5 7".replace(" ", "")],
    ["set takes its line", "a\n  #set($x = 1)\nb$x", "a\nb1"],
    ["texts", `#set($a = "hi $name, $n")$a#set($b = 'hi $name')$b`, "hi Aoi, 7hi $name"],
    ["quotes in texts", `#set($a = "say \\"x\\"")$a#set($b = 'it''s')$b`, `say "x"it's`],
    ["arithmetic", "#set($a = 7 / 2)$a #set($b = 7 % 4)$b #set($c = 2 + 3 * 4)$c #set($d = (2 + 3) * -4)$d", "3314-20"],
    ["concatenation", `#set($a = $name + "-" + $n)$a`, "Aoi-7"],
    ["if", "#if($n == 7)yes#else no#end #if($n > 7)a#elseif($n < 8 && $name == 'Aoi')b#{else}c#end", "yes b"],
    ["words for operators", "#if($n eq 7 and not ($n gt 8))yes#end#if($n ne 7 or false)no#end", "yes"],
    ["what is true", "#if($nothing)a#end#if(!$nothing)b#end#if('')c#end#if(0)d#end#if(false)e#end", "bcd"],
    ["foreach", "#foreach($x in $list)$foreach.index$x#if($foreach.hasNext),#end#end", "0a,1b,2c"],
    [
      "foreach over a map",
      "#foreach($k in $order.keySet())$k;#end#foreach($v in {'a': 1, 'b': 2})$v#end",
      "id;items;odd-key;none;12",
    ],
    ["foreach over a range", "#foreach($i in [1..3])$i#end #foreach($i in [3..1])$i#end", "123 321"],
    ["break", "#foreach($x in $list)#if($x == 'b')#break#end$x#end|", "a|"],
    ["stop", "a#stop b", "a"],
    ["nested loops", "#foreach($a in [1,2])#foreach($b in [1,2])$foreach.parent.count$b #end#end", "11 12 21 22 "],
    ["macros", "#macro(pair $a $b)[$a=$b]#end#pair('x' $n)#pair(1, 2)", "[x=7][1=2]"],
    ["define", "#define($block)<$name>#end$block#set($name = 'Ren')$block", "<Aoi><Ren>"],
    ["evaluate", "#set($t = '$n')#evaluate($t)", "7"],
    ["a directive takes its line's end", "#if(true)\nx\n#end\ny", "x\ny"],
    [
      "maps and lists as text",
      "$order.items[0] $list #set($m = {'a': [1, 'b']})$m",
      `{sku=x, n=2} ["a","b","c"]{a=[1, b]}`,
    ],
    ["setting members", "#set($m = {})#set($m.a = 1)#set($m['b'] = 2)$m.put('c', 3)$m", "{a=1, b=2, c=3}"],
    ["unknown macros stay", "#nope('x')", "#nope('x')"],
    ["colours stay", "#fff and #123", "#fff and #123"],
  ])("%s", (_, template, expected) => {
    expect(renderTemplate(template, structuredCloneOf(VARIABLES))).toBe(expected);
  });

  it.each([
    ["'hello'.length()", 5],
    ["'a,b,,'.split(',').size()", 2],
    ["'hello'.substring(1, 3)", "el"],
    ["'hello'.replaceAll('l+', 'L')", "heLo"],
    ["'a.b'.replace('.', '-')", "a-b"],
    ["'Hello'.toLowerCase().contains('ell')", true],
    ["'abc'.matches('[a-c]+')", true],
    ["'x'.equals('x')", true],
    ["[1, 2, 3].size()", 3],
    ["[1, 2, 3].contains(2)", true],
    ["{'a': 1}.containsKey('a')", true],
    ["{'a': 1}.entrySet().size()", 1],
    ["{}.isEmpty()", true],
  ])("method %s", (expression, expected) => {
    const [, value, rest] = /^((?:'[^']*'|\[[^\]]*\]|\{[^}]*\}))(.*)$/.exec(expression)!;
    expect(renderTemplate(`#set($v = ${value})$v${rest}`, {})).toBe(String(expected));
  });

  it.each(["#if(true)", "#set($x)", "#foreach($x on [1])#end", "#set($x = )", "#end", "#set($a = [1, 2)"])(
    "refuses %s",
    (template) => {
      expect(() => renderTemplate(template, {})).toThrow(VtlError);
    },
  );

  it("gives no way to what is not data", () => {
    const out = renderTemplate(
      "$name.constructor$name.class$list.constructor$order.__proto__$order.constructor",
      VARIABLES,
    );
    expect(out).toBe("");
  });

  it("ends loops and macros that do not end", () => {
    expect(() => renderTemplate("#macro(m)#m()#end#m()", {})).toThrow(VtlError);
    expect(() => renderTemplate("#set($r = [1..1000])#foreach($i in $r)#foreach($j in $r)x#end#end", {})).toThrow(
      VtlError,
    );
    expect(() => renderTemplate("#foreach($i in $l)x#end", { l: Array.from({ length: 1001 }) })).toThrow(VtlError);
  });
});

function structuredCloneOf(variables: typeof VARIABLES): Record<string, unknown> {
  const { input: host, ...data } = variables;
  return { ...structuredClone(data), input: host };
}
