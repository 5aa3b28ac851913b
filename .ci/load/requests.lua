-- What wrk sends: bodies from files, one a line. Arguments: the media type, then a file of bodies that
-- are sent once each (from the beginning again when they are used up) and a file of bodies that are
-- sent again and again, both in turn; the number of threads; and for how many milliseconds a connection
-- pauses before each request. At the end one line of JSON on standard error.

local next_thread = 0

function setup(thread)
    thread:set("number", next_thread)
    next_thread = next_thread + 1
end

local function read(path)
    local lines = {}
    for line in io.lines(path) do
        lines[#lines + 1] = line
    end
    return lines
end

function init(arguments)
    headers = { ["Content-Type"] = arguments[1] }
    fresh = read(arguments[2])
    repeated = read(arguments[3])
    threads = tonumber(arguments[4])
    local pause = tonumber(arguments[5])
    if pause > 0 then
        delay = function()
            return pause
        end
    end
    turn = 0
end

function request()
    turn = turn + 1
    local half = math.floor(turn / 2)
    local body
    if turn % 2 == 0 then
        body = fresh[(half * threads + number) % #fresh + 1]
    else
        body = repeated[half % #repeated + 1]
    end
    return wrk.format("POST", nil, headers, body)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.stderr:write(string.format(
        '{"requests": %d, "microseconds": %d, "not_2xx": %d, "socket": %d, "timeout": %d, '
            .. '"p50": %d, "p90": %d, "p99": %d, "max": %d}\n',
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write, errors.timeout,
        latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
