# fish completion for heapring: asks `heapring options`, so it never goes stale
function __heapring_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and echo $words[2]
end

function __heapring_options
    set -l command (__heapring_command)
    heapring options $command 2>/dev/null | while read -d \t -l name letter value help
        test (string length -- $name) -gt 1; and printf '%s\t%s\n' --$name $help
        test $letter != -; and printf '%s\t%s\n' -$letter $help
    end
end

# The words that the option before the cursor takes; nothing when it takes others.
function __heapring_values
    set -l before (commandline -opc)[-1]
    heapring options (__heapring_command) 2>/dev/null | while read -d \t -l name letter value help
        if contains -- $before --$name -$letter
            string match -q -- '*|*' $value; and string split -- '|' $value
        end
    end
end

function __heapring_pids
    set -q HEAPRING_DIR; and set -l dir $HEAPRING_DIR; or set -l dir /dev/shm
    set -l segments $dir/heapring.* # `set` is content with no match
    string replace -rf -- '.*/heapring\.([0-9]+)\..*' '$1' $segments
end

function __heapring_arguments
    set -l values (__heapring_values)
    if test (count $values) -gt 0
        printf '%s\n' $values
    else
        __heapring_pids
    end
end

complete -c heapring -n 'not __heapring_command >/dev/null' -f -a '(heapring options 2>/dev/null)'
complete -c heapring -n 'test (count (__heapring_values)) -gt 0' -f
complete -c heapring -n '__heapring_command >/dev/null' -a '(__heapring_arguments)'
complete -c heapring -n '__heapring_command >/dev/null; and string match -q -- "-*" (commandline -ct)' -a '(__heapring_options)'
