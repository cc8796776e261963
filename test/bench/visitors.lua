-- Every request from another address than the one before, as at the edge. Told to
-- both Workers alike, and written beforehand: a slow client measures itself.
local visitors = 4096
local requests = {}
local at = 0

function init()
  for visitor = 1, visitors do
    local address = string.format("203.0.%d.%d", math.floor(visitor / 256), visitor % 256)
    wrk.headers["cf-connecting-ip"] = address
    requests[visitor] = wrk.format()
  end
end

function request()
  at = at % visitors + 1
  return requests[at]
end
