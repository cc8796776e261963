// Scripts that nobody here wrote, as their authors ship them for a script element: from
// 132 bytes that throw in a page to 4.6 MB.
import type { NpmFile } from "./npm-files.ts";

/** Smallest first. */
export const scripts: readonly NpmFile[] = [
  {
    name: "isarray",
    version: "2.0.5",
    file: "index.js",
    integrity:
      "sha512-xHjhDr3cNBK0BzdUJSPXZntQUx/mwMS5Rw4A7lPJ90XGAO6ISP/ePDNuo0vhqOZU+UD5JoodwCAAoZQd3FeAKw==",
  },
  {
    name: "mitt",
    version: "3.0.1",
    file: "dist/mitt.umd.js",
    integrity:
      "sha512-vKivATfr97l2/QBCYAkXYDbrIWPM2IIKEl7YPhjCvKlG3kE2gm+uBo6nEXK3M5/Ffh/FLpKExzOQ3JJoJGFKBw==",
  },
  {
    name: "js-cookie",
    version: "3.0.5",
    file: "dist/js.cookie.min.js",
    integrity:
      "sha512-cEiJEAEoIbWfCZYKWhVwFuvPX1gETRYPw6LlaTKoxD3s2AkXzkCjnp6h0V77ozyqj0jakteJ4YqDJT830+lVGw==",
  },
  {
    name: "web-vitals",
    version: "4.2.4",
    file: "dist/web-vitals.iife.js",
    integrity:
      "sha512-r4DIlprAGwJ7YM11VZp4R884m0Vmgr6EAKe3P+kO0PPj3Unqyvv59rczf6UiGcb9Z8QxZVcqKNwv/g0WNdWwsw==",
  },
  {
    name: "alpinejs",
    version: "3.14.8",
    file: "dist/cdn.min.js",
    integrity:
      "sha512-wT2fuP2DXpGk/jKaglwy7S/IJpm1FD+b7U6zUrhwErjoq5h27S4dxkJEXVvhbdwyPv9U+3OkUuNLkZT4h2Kfrg==",
  },
  {
    name: "@growthbook/growthbook",
    version: "1.3.0",
    file: "dist/bundles/auto.min.js",
    integrity:
      "sha512-N5LKgpJPLBcyqpc5sRtIXVttdwCiJnBpbyxh0fTOrqEZZc53EWz6KbAVM986jsncLHPK3h14uf3l2TW6txr4Zw==",
  },
  {
    name: "htmx.org",
    version: "2.0.4",
    file: "dist/htmx.min.js",
    integrity:
      "sha512-HLxMCdfXDOJirs3vBZl/ZLoY+c7PfM4Ahr2Ad4YXh6d22T5ltbTXFFkpx9Tgb2vvmWFMbIc3LqN2ToNkZJvyYQ==",
  },
  {
    name: "launchdarkly-js-client-sdk",
    version: "3.5.0",
    file: "dist/ldclient.min.js",
    integrity:
      "sha512-3dgxC9S8K2ix6qjdArjZGOJPtAytgfQTuE+vWgjWJK7725rpYbuqbHghIFr5B0+WyWyVBYANldjWd1JdtYLwsw==",
  },
  {
    name: "mixpanel-browser",
    version: "2.58.0",
    file: "dist/mixpanel.min.js",
    integrity:
      "sha512-ZayNE4augjSJh5RxYKRPhFe1jzS9HZnoowvZaN4DaUeCezbLGVck46L+N9X8VLtK74UgLUYfehPgCr41rtgpRA==",
  },
  {
    name: "lodash",
    version: "4.17.21",
    file: "lodash.min.js",
    integrity:
      "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==",
  },
  {
    name: "@grafana/faro-web-sdk",
    version: "1.12.2",
    file: "dist/bundle/faro-web-sdk.iife.js",
    integrity:
      "sha512-vrMaeyJUEkXvRsO3POQgVfHkmMjFdXGqRnPRR60WsvYh7bDzd4M5B2n44cPN7qL1+pTG70g3CcCSX6Kfr4c34Q==",
  },
  {
    name: "jquery",
    version: "3.7.1",
    file: "dist/jquery.min.js",
    integrity:
      "sha512-m4avr8yL8kmFN8psrbFFFmB/If14iN5o9nw/NgnnM+kybDJpRsAynV2BsfpTYrTRysYUdADVD7CkUUizgkpLfg==",
  },
  {
    name: "@amplitude/analytics-browser",
    version: "2.11.10",
    file: "lib/scripts/amplitude-min.js",
    integrity:
      "sha512-+bc+KvAvrFTQefmq+iGDuzdtPdJm9HXHPI58yTnHJeXhXDhneH8cGmT6dfL1SvW/W2kGvBdFXiZMoPuHcR0xKg==",
  },
  {
    name: "react-dom",
    version: "18.3.1",
    file: "umd/react-dom.production.min.js",
    integrity:
      "sha512-5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw==",
  },
  {
    name: "leaflet",
    version: "1.9.4",
    file: "dist/leaflet.js",
    integrity:
      "sha512-nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA==",
  },
  {
    name: "@datadog/browser-rum",
    version: "6.0.0",
    file: "bundle/datadog-rum.js",
    integrity:
      "sha512-1swekFmI6Is0coZZ2nK+JeR/M14jvHOqDQAreqe2lerW+EUqwbrDm29AXoYZ59Zbs1bg0MD5JgJtSFO8bvjVlw==",
  },
  {
    name: "vue",
    version: "3.5.13",
    file: "dist/vue.global.prod.js",
    integrity:
      "sha512-wmeiSMxkZCSc+PM2w2VRsOYAZC8GdipNFRTsLSfodVqI9mbejKeXEGr8SckuLnrQPGe3oJN5c3K0vpoU9q/wCQ==",
  },
  {
    name: "posthog-js",
    version: "1.203.1",
    file: "dist/array.js",
    integrity:
      "sha512-r/WiSyz6VNbIKEV/30+aD5gdrYkFtmZwvqNa6h9frl8hG638v098FrXaq3EYzMcCdkQf3phaZTDIAFKegpiTjw==",
  },
  {
    name: "@optimizely/optimizely-sdk",
    version: "5.3.4",
    file: "dist/optimizely.browser.umd.js",
    integrity:
      "sha512-N9BVFBoWY//cgrZu4dnUCXbbvFtx8bJURvsvQurCqdKn0pqAawDbWpm4mDTl8H3W5J4fXC5s+8xlDywiGHCY6Q==",
  },
  {
    name: "three",
    version: "0.159.0",
    file: "build/three.min.js",
    integrity:
      "sha512-eCmhlLGbBgucuo4VEA9IO3Qpc7dh8Bd4VKzr7WfW4+8hMcIfoAVi1ev0pJYN9PTTsCslbcKgBwr2wNZ1EvLInA==",
  },
  {
    name: "core-js-bundle",
    version: "3.39.0",
    file: "index.js",
    integrity:
      "sha512-adVrQD6QYbSmxT6x8PyxfIzCRdQEww5V6/KY9PuPfOnm9Rei1w8pT0TaNNBQlmDqm0jV8iNu8AAuErRDAj2Blw==",
  },
  {
    name: "echarts",
    version: "5.6.0",
    file: "dist/echarts.min.js",
    integrity:
      "sha512-oTbVTsXfKuEhxftHqL5xprgLoc0k7uScAwtryCgWF6hPYFLRwOUHiFmHGCBKP5NPFNkDVopOieyUqYGH8Fa3kA==",
  },
  {
    name: "mermaid",
    version: "11.4.1",
    file: "dist/mermaid.min.js",
    integrity:
      "sha512-Mb01JT/x6CKDWaxigwfZYuYmDZ6xtrNwNlidKZwkSrDaY9n90tdrJTV5Umk+wP1fZscGptmKFXHsXMDEVZ+Q6A==",
  },
  {
    name: "@babel/standalone",
    version: "7.26.4",
    file: "babel.min.js",
    integrity:
      "sha512-SF+g7S2mhTT1b7CHyfNjDkPU1corxg4LPYsyP0x5KuCl+EbtBQHRLqr9N3q7e7+x7NQ5LYxQf8mJ2PmzebLr0A==",
  },
  {
    name: "plotly.js-dist-min",
    version: "2.35.3",
    file: "plotly.min.js",
    integrity:
      "sha512-sz2HLP8gkysLx/BanM2PtJTtZ1PLPwdHwMWNri2YxLBy3IOeuDsVQtlmWa4hoK3j/fi4naaD3uZJqH5ozM3zGg==",
  },
];

/** One of each kind that costs little to fetch, for every run of the tests. */
export const trimmedScripts: readonly NpmFile[] = scripts.filter(({ name }) =>
  [
    "isarray",
    "web-vitals",
    "lodash",
    "leaflet",
    "@datadog/browser-rum",
    "core-js-bundle",
    "plotly.js-dist-min",
  ].includes(name),
);
