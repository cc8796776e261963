#!/usr/bin/env node
console.error("aviary: no command yet");
