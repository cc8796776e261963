-- Beacons of ever new page views: an early one, and a late one of a view that began a
-- while ago. The two templates come as arguments, with the id's place marked.
local early, late
local waiting, head, tail = {}, 1, 0
local between = 200

function init(args)
  math.randomseed(os.time())
  early, late = args[1], args[2]
end

local function id()
  local parts = {}
  for part = 1, 8 do
    parts[part] = string.format("%04x", math.random(0, 65535))
  end
  return table.concat(parts)
end

function request()
  local body
  if tail - head >= between then
    body = late:gsub("00112233445566778899aabbccddeeff", waiting[head])
    waiting[head] = nil
    head = head + 1
  else
    tail = tail + 1
    waiting[tail] = id()
    body = early:gsub("00112233445566778899aabbccddeeff", waiting[tail])
  end
  -- One of each in turn, once there are views to end.
  between = between == 200 and 199 or 200
  return wrk.format("POST", nil, nil, body)
end
